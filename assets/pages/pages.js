// What a browser with scripts adds to the hosted pages: a button that shows the password, its strength
// while it is typed, and times by the clock of whoever looks. Everything works without it.
"use strict";

(() => {
  const password = document.getElementById("password");
  const reveal = document.getElementById("reveal");
  if (password && reveal) {
    reveal.hidden = false;
    reveal.addEventListener("click", () => {
      const shown = password.type === "text";
      password.type = shown ? "password" : "text";
      reveal.setAttribute("aria-pressed", String(!shown));
      password.focus();
    });
    // Browsers keep what was typed into fields of text, not of passwords.
    password.form.addEventListener("submit", () => { password.type = "password"; });
  }

  const strength = document.getElementById("strength");
  if (password && strength) {
    const score = document.getElementById("score");
    const verdict = document.getElementById("verdict");
    const names = strength.dataset.scores.split("|");
    const token = password.form.elements.token.value;
    let waiting;
    let asked;

    const say = (sentences) => {
      verdict.replaceChildren(...sentences.map((sentence) => {
        const line = document.createElement("p");
        line.textContent = sentence;
        return line;
      }));
    };

    const ask = async () => {
      asked?.abort();
      asked = new AbortController();
      try {
        const answer = await fetch("strength", {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ Token: token, Password: password.value }),
          signal: asked.signal,
        });
        // Who types faster than the server likes to be asked is told when the form is sent.
        if (!answer.ok) return;
        const judged = await answer.json();
        // A password that will not be taken is not called strong, however hard it is to guess.
        const shown = judged.acceptable ? Math.max(judged.score, 3) : Math.min(judged.score, 2);
        score.setAttribute("aria-valuenow", shown);
        score.setAttribute("aria-valuetext", names[shown]);
        say([names[shown], ...judged.missed]);
        strength.hidden = false;
        // What was wrong with the last one is no news any more.
        document.getElementById("password-problem")?.remove();
        password.removeAttribute("aria-invalid");
      } catch {
        // Aborted by the next letter, or no network: nothing to show.
      }
    };

    password.addEventListener("input", () => {
      clearTimeout(waiting);
      if (password.value === "") {
        asked?.abort();
        strength.hidden = true;
        return;
      }
      waiting = setTimeout(ask, 250);
    });
  }

  // The language is the page's; whether a month comes before its day is the reader's.
  const language = document.documentElement.lang;
  const own = navigator.languages.find((tag) => tag.split("-")[0] === language);
  const form = new Intl.DateTimeFormat(own ?? language, { dateStyle: "long", timeStyle: "short" });
  for (const time of document.querySelectorAll("time[datetime]")) {
    time.textContent = form.format(new Date(time.dateTime));
  }
})();
