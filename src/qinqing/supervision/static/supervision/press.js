// U presses the button of the row that J and K have chosen: the next rung. The page works without it.
(function () {
  "use strict";
  function on() { try { return localStorage.getItem("keys") !== "off"; } catch (_) { return true; } }
  document.addEventListener("keydown", function (event) {
    if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey || event.key.toLowerCase() !== "u" || !on()) return;
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || document.querySelector("dialog[open]")) return;
    var button = document.querySelector("[data-row].cur [data-press]");
    if (button) { event.preventDefault(); button.click(); }
  });
})();
