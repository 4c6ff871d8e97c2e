function stateOf(links: number): string {
  let state: string;
  if (links > 0) state = "linked";
  else state = "alone"; // right
  return state;
}

console.log(stateOf(0));
