"use strict";
const pages = JSON.parse(document.getElementById("index").textContent);
const asked = (new URLSearchParams(location.search).get("q") || "").toLowerCase();
const words = asked.split(/\s+/).filter(Boolean);
const found = pages.filter(page => {
  const text = (page.title + " " + page.words).toLowerCase();
  return words.every(word => text.includes(word));
});
// Pages whose title has the words come first.
const inTitle = page => words.every(word => page.title.toLowerCase().includes(word)) ? 0 : 1;
found.sort((one, other) => inTitle(one) - inTitle(other));
const list = document.getElementById("hits");
for (const page of found.slice(0, 60)) {
  const item = document.createElement("li"), link = document.createElement("a"), about = document.createElement("p");
  link.href = page.path;
  link.textContent = page.title;
  about.textContent = page.words.slice(0, 160);
  item.append(link, about);
  list.append(item);
}
document.querySelector("input[type=search]").value = asked;
if (words.length) document.getElementById("said").textContent = `${found.length} pages with ${words.join(", ")}`;
