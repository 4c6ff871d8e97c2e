import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

class Program {
    static final Set<String> known = ConcurrentHashMap.newKeySet();
    static final AtomicInteger news = new AtomicInteger();

    static void log() {
        LockSupport.parkNanos(300_000_000);
    }

    static void accept(String client) {
        if (!known.add(client)) return; // right
        if (known.contains(client)) return; // wrong
        log();
        known.add(client); // wrong
        news.incrementAndGet();
    }

    public static void main(String[] args) throws InterruptedException {
        Thread one = new Thread(() -> accept("kiwi"));
        Thread other = new Thread(() -> accept("kiwi"));
        one.start();
        other.start();
        one.join();
        other.join();
        System.out.println(news);
    }
}
