// 难事帮办: the class chosen decides what is asked next and which ruler is shown; suggestions are taken over by a click.
(function () {
  "use strict";
  function all(selector) { return Array.prototype.slice.call(document.querySelectorAll(selector)); }
  function show() {
    var chosen = document.querySelector("input[name=cls]:checked");
    var value = chosen ? chosen.value : "";
    all("[data-class]").forEach(function (node) { node.hidden = node.dataset.class !== value; });
    all("[data-for-class]").forEach(function (node) { node.hidden = node.dataset.forClass.split(" ").indexOf(value) < 0; });
    var button = document.querySelector("[data-label-simple]");
    if (button) button.firstElementChild.textContent = value === "simple" ? button.dataset.labelSimple : button.dataset.labelOther;
  }
  document.addEventListener("change", function (event) { if (event.target.name === "cls") show(); });
  document.addEventListener("click", function (event) {
    var node = event.target.closest("[data-choose]");
    if (!node) return;
    var name = node.dataset.choose, value = node.dataset.value;
    var radio = document.querySelector('input[name="' + name + '"][value="' + value + '"]');
    var select = document.querySelector('select[name="' + name + '"]');
    if (radio) radio.checked = true;
    if (select) { select.value = value; select.focus(); }
    var line = document.querySelector('input[type="text"][name="' + name + '"]');
    if (line) {  // a number taken over: its form opens, and its button waits for Enter
      var form = line.closest("details");
      line.value = value;
      form.open = true;
      form.querySelector("button").focus();
    }
    show();
  });
  document.addEventListener("DOMContentLoaded", show);
  window.addEventListener("pageshow", show);
})();
