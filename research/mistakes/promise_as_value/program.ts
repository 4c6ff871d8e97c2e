async function find(client: string): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, 1));
  return `AT Hill ${client}`;
}

function print(line: string): void {
  console.log(`<- ${line}`);
}

print(await find("kiwi")); // right
print(find("kiwi")); // wrong
