async function find(client) {
  await new Promise((resolve) => setTimeout(resolve, 1));
  return `AT Hill ${client}`;
}

function print(line) {
  console.log(`<- ${line}`);
}

print(await find("kiwi")); // right
print(find("kiwi")); // wrong
