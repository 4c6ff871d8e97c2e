function firstOf(names) {
  return [...names].sort()[0]; // right
  return names.sort()[0]; // wrong
}

const links = Object.freeze(["Smith", "Jaquez"]);
console.log(firstOf(links), links[0]);
