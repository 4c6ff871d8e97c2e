import java.nio.charset.StandardCharsets;

class Program {
    public static void main(String[] args) {
        byte[] chunk = "kiwi".getBytes(StandardCharsets.UTF_8);
        String text = new String(chunk, StandardCharsets.UTF_8); // right
        System.out.println("IAMAT " + text); // right
        System.out.println("IAMAT " + chunk); // wrong
    }
}
