// 键盘与表单: what the pages need of a script, and nothing else. Every page works without it.
//   data-row            a row of a list: J and K move between rows (focus goes to its first link), Enter opens
//   data-find           the field that `/` goes to
//   data-key="Q"        this element is activated by the key
//   data-draft="name"   what is typed into this form is kept in this tab until it is sent
//   data-count-for="id" counts the characters of that field; data-max holds the limit
//   data-copy="text"    copies; data-print prints; data-no-busy leaves a form's button alone (downloads)
//   data-forget         a form (sign-out) that throws all drafts away
(function () {
  "use strict";

  // single keys can be switched off in the help dialog (WCAG 2.1.4)
  function keysOn() { try { return localStorage.getItem("keys") !== "off"; } catch (_) { return true; } }
  function typing(node) { return node && (node.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName)); }
  function shown(node) { return node.getClientRects().length > 0; }
  function all(selector, root) { return Array.prototype.slice.call((root || document).querySelectorAll(selector)); }

  // ── rows ──
  function move(step) {
    var rows = all("[data-row]").filter(shown);
    if (!rows.length) return;
    var at = rows.findIndex(function (row) { return row.classList.contains("cur"); });
    var to = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + step, 0), rows.length - 1)];
    rows.forEach(function (row) { row.classList.toggle("cur", row === to); });
    var link = to.querySelector("a[href]");
    if (link) link.focus({ preventScroll: true });
    to.scrollIntoView({ block: "nearest" });
  }

  // ── help ──
  function help() {
    var dialog = document.getElementById("keys");
    if (!dialog) return;
    var list = dialog.querySelector("[data-page-keys]");
    list.textContent = "";
    all("[data-key]").filter(shown).forEach(function (node) {
      var dt = document.createElement("dt"), dd = document.createElement("dd"), kbd = document.createElement("kbd");
      kbd.textContent = node.dataset.key.toUpperCase();
      dd.textContent = node.dataset.keyLabel || node.textContent.trim();
      dt.appendChild(kbd);
      list.appendChild(dt);
      list.appendChild(dd);
    });
    dialog.querySelector("[data-keys-switch]").checked = keysOn();
    if (dialog.showModal) { if (!dialog.open) dialog.showModal(); } else dialog.setAttribute("open", "");
  }

  document.addEventListener("change", function (event) {
    if (event.target.matches("[data-keys-switch]")) {
      try { localStorage.setItem("keys", event.target.checked ? "on" : "off"); } catch (_) { /* private window */ }
    }
  });

  document.addEventListener("keydown", function (event) {
    if (event.isComposing || event.keyCode === 229 || event.altKey) return; // an input method is at work
    if ((event.ctrlKey || event.metaKey) && event.key === "Enter") {
      var form = event.target.closest("form") || document.querySelector("form[data-main]");
      var button = form && (form.querySelector(".btn-1[type=submit], button.btn-1:not([type])") || form.querySelector("[type=submit]"));
      if (button) { event.preventDefault(); form.requestSubmit(button); }
      return;
    }
    if (event.ctrlKey || event.metaKey || typing(event.target)) return;
    if (document.querySelector("dialog[open]")) {
      if (event.key === "Escape") document.querySelector("dialog[open]").removeAttribute("open");
      return;
    }
    if (event.key === "?") { help(); return; }
    if (!keysOn()) return;
    var key = event.key.toLowerCase();
    if (key === "j" || key === "k") { move(key === "j" ? 1 : -1); event.preventDefault(); return; }
    if (key === "/") {
      var find = all("[data-find], input[type=search]").filter(shown)[0];
      if (find) { event.preventDefault(); find.focus(); if (find.select) find.select(); }
      return;
    }
    if (key === "enter" && event.target === document.body) {
      var link = document.querySelector("[data-row].cur a[href]");
      if (link) link.click();
      return;
    }
    var node = all("[data-key]").filter(shown).find(function (one) { return one.dataset.key.toLowerCase() === key; });
    if (node) {
      event.preventDefault();
      if (typing(node)) node.focus(); else node.click();
    }
  });

  document.addEventListener("click", function (event) {
    var node = event.target.closest("[data-copy], [data-print], [data-help], [data-close]");
    if (!node) return;
    if (node.hasAttribute("data-print")) window.print();
    if (node.hasAttribute("data-help")) help();
    if (node.hasAttribute("data-close")) { var d = node.closest("dialog"); if (d.close) d.close(); else d.removeAttribute("open"); }
    if (node.dataset.copy) copy(node);
  });

  function copy(node) {
    function said() {
      var old = node.textContent;
      node.textContent = node.dataset.copied || "✓";
      setTimeout(function () { node.textContent = old; }, 2000);
    }
    function byHand() { // no clipboard on plain HTTP, which county intranets still are
      var field = document.createElement("textarea");
      field.value = node.dataset.copy;
      field.className = "vh";
      document.body.appendChild(field);
      field.select();
      if (document.execCommand("copy")) said();
      field.remove();
      node.focus();
    }
    if (navigator.clipboard) navigator.clipboard.writeText(node.dataset.copy).then(said, byHand); else byHand();
  }

  // ── characters typed ──
  function count(field) {
    var output = field.id && document.querySelector('[data-count-for="' + field.id + '"]');
    if (!output) return;
    var n = Array.from(field.value).length;
    output.querySelector("[data-n]").textContent = n;
    output.classList.toggle("over", n > Number(output.dataset.max));
  }

  // ── drafts ──
  function draftKey(form) { return ["draft", document.body.dataset.reader || "", location.pathname, form.dataset.draft].join("|"); }
  function draftFields(form) {
    return Array.prototype.filter.call(form.elements, function (field) {
      return field.name && field.name !== "csrfmiddlewaretoken" && !/^(hidden|password|file|submit|button|reset)$/.test(field.type) &&
        !field.hasAttribute("data-no-draft");
    });
  }
  function readDraft(form) { try { return JSON.parse(sessionStorage.getItem(draftKey(form)) || "null"); } catch (_) { return null; } }
  function writeDraft(form, draft) {
    try {
      if (draft) sessionStorage.setItem(draftKey(form), JSON.stringify(draft)); else sessionStorage.removeItem(draftKey(form));
    } catch (_) { /* storage full or forbidden: typing goes on without a draft */ }
  }
  function keep(form) {
    var values = {};
    draftFields(form).forEach(function (field) {
      if (/^(radio|checkbox)$/.test(field.type)) { if (field.checked) (values[field.name] = values[field.name] || []).push(field.value); }
      else values[field.name] = [field.value];
    });
    writeDraft(form, { values: values });
  }
  function restore(form) {
    var draft = readDraft(form);
    if (!draft) return;
    // the server gave the page back with what was typed, or took the form: its word is newer than the draft
    if (draft.sent || form.querySelector(".field.bad")) { writeDraft(form, null); return; }
    draftFields(form).forEach(function (field) {
      var values = draft.values[field.name] || [];
      if (/^(radio|checkbox)$/.test(field.type)) { if (field.name in draft.values) field.checked = values.indexOf(field.value) >= 0; }
      else if (values.length && field.value === field.defaultValue) field.value = values[0];
      else if (values.length && field.tagName === "SELECT") field.value = values[0];
    });
    var told = form.querySelector("[data-draft-told]");
    if (told) told.hidden = false;
  }

  document.addEventListener("input", function (event) {
    count(event.target);
    var form = event.target.form;
    if (form && form.dataset.draft) keep(form);
  });

  // ── one press is enough ──
  document.addEventListener("submit", function (event) { // before htmx hears of it
    if (event.target.dataset.sending) { event.preventDefault(); event.stopImmediatePropagation(); }
  }, true);
  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (event.defaultPrevented && !form.matches("[hx-post], [hx-get], [data-hx-post], [data-hx-get]")) return;
    if (form.hasAttribute("data-forget")) {
      try { Object.keys(sessionStorage).filter(function (k) { return k.indexOf("draft|") === 0; }).forEach(function (k) { sessionStorage.removeItem(k); }); } catch (_) { /* nothing kept */ }
    }
    if (form.dataset.draft) { var draft = readDraft(form); if (draft) { draft.sent = true; writeDraft(form, draft); } }
    if (form.hasAttribute("data-no-busy")) return;
    form.dataset.sending = "1";
    var button = event.submitter || form.querySelector(".btn-1");
    if (button) { button.classList.add("is-busy"); }
    if (form.method === "post" || form.method === "get") wait(true);
  });
  function rest(form) {
    delete form.dataset.sending;
    all(".is-busy", form).forEach(function (button) { button.classList.remove("is-busy"); });
    wait(false);
  }
  function wait(on) { var bar = document.getElementById("wait"); if (bar) bar.classList.toggle("on", on); }

  document.addEventListener("htmx:afterRequest", function (event) {
    var form = event.target.closest && event.target.closest("form");
    if (form) rest(form); else wait(false);
  });
  document.addEventListener("htmx:sendError", function () {
    var told = document.getElementById("offline");
    if (told) told.hidden = false;
  });
  document.addEventListener("htmx:afterSwap", function (event) { begin(event.target); });
  window.addEventListener("pageshow", function () { all("form[data-sending]").forEach(rest); });

  function openLinked() { // a link to a folded act unfolds it
    var target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === "DETAILS") { target.open = true; target.scrollIntoView({ block: "center" }); }
  }
  window.addEventListener("hashchange", openLinked);

  function begin(root) {
    if (root === document) openLinked();
    all("form[data-draft]", root).forEach(restore);
    all("textarea, input", root).forEach(count);
  }
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", function () { begin(document); });
  else begin(document);
})();
