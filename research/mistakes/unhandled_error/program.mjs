import { readFile } from "node:fs/promises";

async function readSecret(path) {
  try { // right
    return await readFile(path, "utf8");
  } catch { // right
    return "none"; // right
  } // right
}

console.log(await readSecret("/no/such/file"));
