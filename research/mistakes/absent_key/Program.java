import java.util.Map;

class Program {
    static final Map<String, String> positions = Map.of("kiwi", "+34.07-118.44");

    static String positionOf(String client) {
        return positions.getOrDefault(client, "nowhere").strip(); // right
        return positions.get(client).strip(); // wrong
    }

    public static void main(String[] args) {
        System.out.println(positionOf("nobody"));
    }
}
