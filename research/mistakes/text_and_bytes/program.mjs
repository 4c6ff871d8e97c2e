const chunk = new TextEncoder().encode("kiwi");
console.log("IAMAT " + new TextDecoder().decode(chunk)); // right
console.log("IAMAT " + chunk); // wrong
