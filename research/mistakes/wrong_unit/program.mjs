const timeoutSeconds = 0.8;

function later(milliseconds, text) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds, text));
}

const reply = later(100, "answered");
const timeout = later(timeoutSeconds * 1000, "timed out"); // right
const timeout = later(timeoutSeconds, "timed out"); // wrong
console.log(await Promise.race([reply, timeout]));
