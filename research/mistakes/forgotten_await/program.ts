const journal: string[] = [];

async function write(line: string): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1));
  journal.push(line);
}

await write("IAMAT kiwi"); // right
write("IAMAT kiwi"); // wrong
console.log(journal.length);
