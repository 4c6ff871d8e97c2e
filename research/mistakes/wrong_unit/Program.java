import java.util.concurrent.locks.LockSupport;

class Program {
    public static void main(String[] args) throws InterruptedException {
        int timeoutSeconds = 5;
        Thread reply = new Thread(() -> LockSupport.parkNanos(100_000_000));
        reply.start();
        reply.join(timeoutSeconds * 1000); // right
        reply.join(timeoutSeconds); // wrong
        System.out.println(reply.isAlive() ? "timed out" : "answered");
    }
}
