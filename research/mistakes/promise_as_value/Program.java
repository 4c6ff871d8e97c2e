import java.util.concurrent.CompletableFuture;

class Program {
    static CompletableFuture<String> find(String client) {
        return CompletableFuture.supplyAsync(() -> "AT Hill " + client);
    }

    static void print(String line) {
        System.out.println("<- " + line);
    }

    public static void main(String[] args) {
        print(find("kiwi").join()); // right
        print(find("kiwi")); // wrong
    }
}
