function firstByte(path: string): number {
  using file = Deno.openSync(path); // right
  const file = Deno.openSync(path); // wrong
  const buffer = new Uint8Array(1);
  file.readSync(buffer);
  return buffer[0];
}

console.log(firstByte("/etc/passwd"));
