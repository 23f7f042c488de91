// Search and department filter of the employee table.
(function () {
  "use strict";
  var directory = document.querySelector("[data-directory]");
  if (!directory) return;
  var search = directory.querySelector("[data-search]");
  var chips = directory.querySelector("[data-chips]");
  var nobody = directory.querySelector("[data-nobody]");
  var people = Array.prototype.slice.call(directory.querySelectorAll("tbody tr"));
  var department = "";

  directory.querySelectorAll(".needs-js").forEach(function (element) { element.hidden = false; });

  function apply() {
    var wanted = search.value.trim().toLowerCase();
    var shown = people.filter(function (row) {
      var fits = (!department || row.dataset.department === department) && row.textContent.toLowerCase().indexOf(wanted) >= 0;
      row.hidden = !fits;
      return fits;
    });
    nobody.hidden = shown.length > 0;
  }

  search.addEventListener("input", apply);
  chips.addEventListener("click", function (event) {
    var chip = event.target.closest("button");
    if (!chip) return;
    department = chip.dataset.department;
    chips.querySelectorAll("button").forEach(function (other) { other.setAttribute("aria-pressed", String(other === chip)); });
    apply();
  });
})();
