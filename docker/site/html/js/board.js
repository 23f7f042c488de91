// Keeps the board "who answered" fresh and draws one mark per question, so that an outage and a change of server can be seen
// without reloading. Nothing on the page depends on it.
(function () {
  "use strict";
  var EVERY_MS = 2000;
  var PATIENCE_MS = 3000; // the site answers within 2 s, with or without its database
  var MARKS = 60;

  var board = document.querySelector("[data-board]");
  if (!board || !window.fetch || !window.AbortController) return;
  var ticks = board.querySelector("[data-ticks]");

  function set(field, value) {
    var place = board.querySelector('[data-field="' + field + '"]');
    if (!place || value === undefined || value === null || value === "") return;
    if (place.textContent !== String(value)) {
      place.textContent = value;
      place.classList.remove("changed");
      void place.offsetWidth; // restarts the animation
      place.classList.add("changed");
    }
  }

  function zoneNumber(zone) {
    var match = /([1-3])$/.exec(zone || "");
    return match ? match[1] : "0";
  }

  function mark(state, body) {
    var tick = document.createElement("li");
    tick.dataset.state = state;
    tick.dataset.zone = zoneNumber(body && body.zone);
    tick.title = new Date().toLocaleTimeString() + " · " + (body ? [body.server, body.zone, body.error].filter(Boolean).join(" · ") : "no answer");
    ticks.appendChild(tick);
    while (ticks.children.length > MARKS) ticks.removeChild(ticks.firstChild);
  }

  function show(state, body) {
    if (state === "ok" && board.dataset.state === "away" && document.querySelector("[data-again]")) {
      location.reload(); // the page was made without the database, and the database is back
      return;
    }
    board.dataset.state = state;
    if (body) {
      board.dataset.zone = zoneNumber(body.zone);
      ["server", "zone", "databaseHost", "rows"].forEach(function (field) { set(field, body[field]); });
    }
    mark(state, body);
  }

  async function ask() {
    var control = new AbortController();
    var timer = setTimeout(function () { control.abort(); }, PATIENCE_MS);
    try {
      var response = await fetch("api.php", { cache: "no-store", signal: control.signal });
      var body = await response.json();
      set("databaseServer", response.headers.get("X-HR-Database-Server"));
      show(response.ok ? "ok" : "away", body);
    } catch (error) {
      show("silent", null);
    } finally {
      clearTimeout(timer);
    }
  }

  async function run() {
    if (!document.hidden) await ask();
    setTimeout(run, EVERY_MS);
  }

  run();
})();
