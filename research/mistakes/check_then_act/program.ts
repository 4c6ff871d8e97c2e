const known = new Set<string>();
let news = 0;

async function log(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1));
}

async function accept(client: string): Promise<void> {
  if (known.has(client)) return;
  known.add(client); // right
  await log();
  known.add(client); // wrong
  news += 1;
}

await Promise.all([accept("kiwi"), accept("kiwi")]);
console.log(news);
