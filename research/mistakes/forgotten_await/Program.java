import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;

class Program {
    static final Queue<String> journal = new ConcurrentLinkedQueue<>();

    static CompletableFuture<Void> write(String line) {
        return CompletableFuture.runAsync(() -> {
            LockSupport.parkNanos(200_000_000);
            journal.add(line);
        });
    }

    public static void main(String[] args) {
        write("IAMAT kiwi").join(); // right
        write("IAMAT kiwi"); // wrong
        System.out.println(journal.size());
    }
}
