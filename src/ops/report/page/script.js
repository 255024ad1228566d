"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const say = (text) => { byId("status").textContent = text; };

  // Light or dark: as the system has it, until somebody chooses.
  const theme = byId("theme");
  const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (document.documentElement.dataset.theme || (systemIsDark.matches ? "dark" : "light")) === "dark";
  const name = () => { theme.textContent = isDark() ? "Light" : "Dark"; };
  theme.hidden = false;
  theme.addEventListener("click", () => { document.documentElement.dataset.theme = isDark() ? "light" : "dark"; name(); });
  systemIsDark.addEventListener("change", name);
  name();

  // Pictures: enlarged in a dialog, one after the other with the arrow keys.
  const viewer = byId("viewer"), shown = byId("viewer-image"), caption = byId("viewer-caption");
  const thumbs = all(".thumb");
  for (const thumb of thumbs) {
    const image = thumb.querySelector("img");
    image.classList.toggle("tiny", Math.max(image.width, image.height) <= 64 && Number(image.getAttribute("width")) <= 64);
  }
  let at = 0;
  const show = (next) => {
    at = (next + thumbs.length) % thumbs.length;
    const image = thumbs[at].querySelector("img");
    shown.src = image.src;
    shown.className = image.className;
    shown.alt = thumbs[at].dataset.caption;
    caption.textContent = thumbs[at].dataset.caption;
  };
  const step = (by) => {
    // Those in closed parts of the page are passed over.
    for (let tries = 0, next = at; tries < thumbs.length; tries += 1) {
      next = (next + by + thumbs.length) % thumbs.length;
      if (thumbs[next].offsetParent !== null) { show(next); return; }
    }
  };
  thumbs.forEach((thumb, index) => thumb.addEventListener("click", () => { show(index); viewer.showModal(); byId("viewer-next").focus(); }));
  byId("viewer-next").addEventListener("click", () => step(1));
  byId("viewer-previous").addEventListener("click", () => step(-1));
  byId("viewer-close").addEventListener("click", () => viewer.close());
  viewer.addEventListener("click", (event) => { if (event.target === viewer) viewer.close(); });
  viewer.addEventListener("close", () => thumbs[at] && thumbs[at].focus());
  viewer.addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight") step(1);
    else if (event.key === "ArrowLeft") step(-1);
    else return;
    event.preventDefault();
  });

  // Code: copied by a button.
  const copy = async (text) => {
    try { await navigator.clipboard.writeText(text); return true; } catch { /* not allowed here: try the old way */ }
    const area = document.createElement("textarea");
    area.value = text;
    (viewer.open ? viewer : document.body).append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  };
  for (const button of all(".copy")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const done = await copy(button.closest(".code").querySelector("code").textContent);
      button.textContent = done ? "Copied" : "Select and copy";
      say(done ? "Copied" : "Could not be copied");
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
  }

  // Readers: a list becomes tabs.
  all(".tabs").forEach((tabs, number) => {
    const panels = all(".panel", tabs);
    if (panels.length < 2) return;
    const list = document.createElement("div");
    list.className = "tablist";
    list.setAttribute("role", "tablist");
    list.setAttribute("aria-label", "Readers");
    const buttons = panels.map((panel, index) => {
      const button = document.createElement("button");
      button.type = "button";
      button.id = `tab-${number}-${index}`;
      button.textContent = panel.dataset.title;
      button.setAttribute("role", "tab");
      panel.id = `panel-${number}-${index}`;
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", button.id);
      button.setAttribute("aria-controls", panel.id);
      list.append(button);
      return button;
    });
    const select = (chosen, focus) => buttons.forEach((button, index) => {
      const is = index === chosen;
      button.setAttribute("aria-selected", String(is));
      button.tabIndex = is ? 0 : -1;
      panels[index].hidden = !is;
      if (is && focus) button.focus();
    });
    buttons.forEach((button, index) => {
      button.addEventListener("click", () => select(index));
      button.addEventListener("keydown", (event) => {
        const last = buttons.length - 1;
        const to = { ArrowRight: index === last ? 0 : index + 1, ArrowLeft: index === 0 ? last : index - 1, Home: 0, End: last }[event.key];
        if (to === undefined) return;
        event.preventDefault();
        select(to, true);
      });
    });
    tabs.classList.add("is-live");
    tabs.prepend(list);
    select(0);
  });
})();
