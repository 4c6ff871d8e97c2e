async function readSecret(path: string): Promise<string> {
  try { // right
    return await Deno.readTextFile(path);
  } catch { // right
    return "none"; // right
  } // right
}

console.log(await readSecret("/no/such/file"));
