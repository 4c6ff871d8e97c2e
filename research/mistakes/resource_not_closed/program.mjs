import { closeSync, openSync, readSync } from "node:fs";

function firstByte(path) {
  const file = openSync(path);
  const buffer = new Uint8Array(1);
  readSync(file, buffer);
  closeSync(file); // right
  return buffer[0];
}

console.log(firstByte("/etc/passwd"));
