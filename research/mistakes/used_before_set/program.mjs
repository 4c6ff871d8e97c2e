function stateOf(links) {
  let state;
  if (links > 0) state = "linked";
  else state = "alone"; // right
  return state;
}

console.log(stateOf(0));
