// A file on its way: how much of it has arrived, and what the server says if it doesn't take it.

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-upload]");
  const file = form?.querySelector('input[type="file"]')?.files[0];
  if (!file) return;
  event.preventDefault();
  if (file.size > Number(form.dataset.most)) tell(form, form.dataset.large);
  else send(form);
});

function send(form) {
  const shown = form.querySelector("[data-sent]");
  const button = form.querySelector("button");
  const request = new XMLHttpRequest();
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    const share = Math.floor((100 * loaded) / total);
    shown.querySelector("progress").value = share;
    shown.querySelector("[data-share]").textContent = new Intl.NumberFormat(document.documentElement.lang, { style: "percent" }).format(share / 100);
  });
  request.addEventListener("load", () => {
    if (request.status < 400) location.assign(request.responseURL);
    else tell(form, new DOMParser().parseFromString(request.responseText, "text/html").querySelector("main .notice.bad p, main h1 ~ p")?.textContent ?? form.dataset.cut);
  });
  request.addEventListener("error", () => tell(form, form.dataset.cut));
  tell(form, "");
  shown.hidden = false;
  button.disabled = true;
  request.open("POST", form.action);
  request.send(new FormData(form));
}

function tell(form, words) {
  const line = form.querySelector("[data-wrong]");
  line.textContent = words;
  line.hidden = !words;
  form.querySelector("[data-sent]").hidden = true;
  form.querySelector("button").disabled = false;
}
