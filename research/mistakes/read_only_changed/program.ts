function firstOf(names: readonly string[]): string {
  return names.toSorted()[0]; // right
  return names.sort()[0]; // wrong
}

const links: readonly string[] = ["Smith", "Jaquez"];
console.log(firstOf(links), links[0]);
