const positions = new Map([["kiwi", "+34.07-118.44"]]);

function positionOf(client) {
  return (positions.get(client) ?? "nowhere").trim(); // right
  return positions.get(client).trim(); // wrong
}

console.log(positionOf("nobody"));
