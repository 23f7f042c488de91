// Static pages hold both languages; this picks one before the first paint: the visitor's choice, else the browser's.
(function () {
  "use strict";
  var COOKIE = "hr_lang"; // include/language.php reads and writes it too

  function chosen() {
    var match = document.cookie.match(/(?:^|; )hr_lang=(en|zh)(?:;|$)/);
    return match && match[1];
  }

  function fromBrowser() {
    var tags = navigator.languages && navigator.languages.length ? navigator.languages : [navigator.language || "en"];
    for (var i = 0; i < tags.length; i++) {
      var match = /^(en|zh)\b/i.exec(tags[i]);
      if (match) return match[1].toLowerCase();
    }
    return "en";
  }

  function show(language) {
    document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
    var title = document.documentElement.getAttribute("data-title-" + language);
    if (title) document.title = title;
  }

  var query = /[?&]lang=(en|zh)(?:&|$)/.exec(location.search);
  if (query) remember(query[1]);
  show(chosen() || (query && query[1]) || fromBrowser());

  function remember(language) {
    document.cookie = COOKIE + "=" + language + "; path=/; max-age=31536000; samesite=lax";
  }

  document.addEventListener("click", function (event) {
    var link = event.target.closest && event.target.closest("[data-language]");
    if (!link) return;
    event.preventDefault();
    remember(link.getAttribute("data-language"));
    show(link.getAttribute("data-language"));
  });
})();
