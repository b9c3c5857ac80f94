// 照片: made small before they are sent (a slow network), shown, and taken out again. Without this script the browser's
// own field sends them as they are. Drawing a photo anew also leaves behind where and when it was taken.
(function () {
  "use strict";
  var field = document.querySelector("[data-photos]");
  var box = document.querySelector("[data-shots]"), said = document.querySelector("[data-shots-said]");
  var add = document.querySelector("[data-shots-add]");
  if (!field || !window.createImageBitmap || !window.DataTransfer) return;
  var LONGEST = 1600, SMALL = 400 * 1024, most = Number(field.dataset.most), kept = [];

  function hand() { // what the form will send
    var files = new DataTransfer();
    kept.forEach(function (one) { files.items.add(one.file); });
    field.files = files.files;
  }
  try { hand(); } catch (_) { return; } // a browser that does not let a script fill the field
  field.classList.add("vh");
  field.tabIndex = -1;
  add.hidden = false;
  add.addEventListener("click", function () { field.click(); });

  function draw(bitmap, longest) {
    var scale = Math.min(1, longest / Math.max(bitmap.width, bitmap.height));
    var canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(bitmap.width * scale));
    canvas.height = Math.max(1, Math.round(bitmap.height * scale));
    canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    return canvas;
  }
  function smaller(file) { // a photo that cannot be read is sent as it is: the server says what is wrong with it
    return createImageBitmap(file, { imageOrientation: "from-image" }).then(function (bitmap) {
      return new Promise(function (done) {
        draw(bitmap, LONGEST).toBlob(function (blob) {
          var better = blob && (blob.size < file.size || file.size > SMALL);
          var name = file.name.replace(/\.[^.]*$/, "") + ".jpg";
          done({ file: better ? new File([blob], name, { type: "image/jpeg" }) : file, shown: draw(bitmap, 300) });
        }, "image/jpeg", 0.82);
      });
    }).catch(function () { return { file: file, shown: document.createElement("canvas") }; });
  }
  function show() {
    box.textContent = "";
    box.hidden = !kept.length;
    kept.forEach(function (one, n) {
      var cell = document.createElement("div"), remove = document.createElement("button");
      one.shown.setAttribute("role", "img");
      one.shown.setAttribute("aria-label", one.file.name);
      remove.type = "button";
      remove.setAttribute("aria-label", field.dataset.remove.replace("#", n + 1));
      remove.addEventListener("click", function () { kept.splice(n, 1); hand(); show(); add.focus(); });
      cell.appendChild(one.shown);
      cell.appendChild(remove);
      box.appendChild(cell);
    });
    add.hidden = kept.length >= most;
  }
  field.addEventListener("change", function () {
    var room = most - kept.length, chosen = Array.prototype.slice.call(field.files);
    said.hidden = chosen.length <= room;
    if (chosen.length > room) said.textContent = field.dataset.many;
    chosen = chosen.slice(0, room).map(function (file) { return { file: file, shown: document.createElement("canvas") }; });
    kept = kept.concat(chosen); // at once: whoever sends meanwhile sends them as they are
    hand();
    show();
    chosen.forEach(function (one) {
      smaller(one.file).then(function (ready) { one.file = ready.file; one.shown = ready.shown; hand(); show(); });
    });
  });
})();
