const journal = [];

async function write(line) {
  await new Promise((resolve) => setTimeout(resolve, 1));
  journal.push(line);
}

await write("IAMAT kiwi"); // right
write("IAMAT kiwi"); // wrong
console.log(journal.length);
