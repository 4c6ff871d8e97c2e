function latitudeOf(position: string): string {
  const match = position.match(/^[+-]\d+/);
  return match === null ? "none" : match[0]; // right
  return match[0]; // wrong
}

console.log(latitudeOf("north"));
