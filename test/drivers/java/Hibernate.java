import java.math.BigInteger;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;

import javax.persistence.Column;
import javax.persistence.Entity;
import javax.persistence.GeneratedValue;
import javax.persistence.GenerationType;
import javax.persistence.Id;
import javax.persistence.Table;

import org.hibernate.JDBCException;
import org.hibernate.Query;
import org.hibernate.Session;
import org.hibernate.SessionFactory;
import org.hibernate.cfg.Configuration;
import org.hibernate.exception.ConstraintViolationException;

/** taskq with Hibernate. */
public class Hibernate {
    /** The table, to write: the columns that an application may write, and of these only what changed. */
    @Entity
    @Table(name = "taskq_task")
    @org.hibernate.annotations.Entity(dynamicUpdate = true)
    public static class Task {
        @Id
        @GeneratedValue(strategy = GenerationType.IDENTITY)
        public Long id;
        public String title;
        public String description;
        public String priority;
        public String status;
        @Column(name = "due_date")
        public java.sql.Date dueDate;
        @Column(name = "assignee_id")
        public String assigneeId;
        @Column(name = "user_id")
        public String userId;
        public String source;
        @Column(name = "created_by", insertable = false, updatable = false)
        public String createdBy;
    }

    static void check(boolean condition, Object what) {
        if (!condition)
            throw new AssertionError(what);
    }

    static Query query(Session session, String sql, Object... parameters) {
        Query query = session.createSQLQuery(sql);
        for (int i = 0; i < parameters.length; i++)
            query.setParameter(i, parameters[i]);
        return query;
    }

    static String page = "SELECT title, cursor FROM taskq_queue_page(status => string_to_array(?, ','),"
        + " priority => string_to_array(?, ','), page_size => ?, after => nullif(?, ''))";

    static String stateOf(Session session, String sql, Long id) {
        session.beginTransaction();
        try {
            query(session, sql, id).list();
        } catch (JDBCException error) {
            session.getTransaction().rollback();
            if (error instanceof ConstraintViolationException)
                check(error.getSQLException().getMessage().contains("taskq_start()"), error.getSQLException());
            return error.getSQLState();
        }
        throw new AssertionError(sql);
    }

    public static void main(String[] arguments) throws SQLException {
        // connect; behind PgBouncer before 1.21 without prepared statements of the server
        SessionFactory factory = new Configuration()
            .addAnnotatedClass(Task.class)
            .setProperty("hibernate.connection.driver_class", "org.postgresql.Driver")
            .setProperty("hibernate.connection.url", "jdbc:postgresql://" + System.getenv("PGHOST") + ":"
                + System.getenv("PGPORT") + "/" + System.getenv("PGDATABASE") + "?prepareThreshold=0")
            .setProperty("hibernate.connection.username", System.getenv("PGUSER"))
            .setProperty("hibernate.connection.password", System.getenv("PGPASSWORD"))
            .setProperty("hibernate.dialect", "org.hibernate.dialect.PostgreSQLDialect")
            .buildSessionFactory();
        Session session = factory.openSession();

        // create, as somebody: the actor holds for the transaction
        session.beginTransaction();
        query(session, "SELECT set_config('taskq.actor', ?, true)", "ana").list();
        long id = ((BigInteger) query(session, "SELECT taskq_create(?, priority => ?, due_date => ?, user_id => ?)",
            "Chase bank statement", "HIGH", java.sql.Date.valueOf("2030-06-05"), "cus_1").uniqueResult()).longValue();
        session.getTransaction().commit();

        // many at once: all of them, or none
        session.beginTransaction();
        List<?> ids = query(session, "SELECT cast(task ->> 'id' AS bigint) FROM taskq_create_many_json(cast(? AS jsonb), actor => ?) AS task",
            "[{\"title\": \"Review lease\", \"due_date\": \"2030-06-06\"}, {\"title\": \"Call back\", \"priority\": \"LOW\"}]", "bob").list();
        session.getTransaction().commit();
        check(id == 9007199254740993L && ids.equals(Arrays.asList(BigInteger.valueOf(id + 1), BigInteger.valueOf(id + 2))), ids);

        // a page, and the next one
        List<?> first = query(session, page, "OPEN,IN_PROGRESS,OVERDUE", "HIGH,MEDIUM,LOW", 2, "").list();
        String after = (String) ((Object[]) first.get(1))[1];
        List<?> second = query(session, page, "OPEN,IN_PROGRESS,OVERDUE", "HIGH,MEDIUM,LOW", 2, after).list();
        check(((Object[]) first.get(0))[0].equals("Chase bank statement") && second.size() == 1, second.size());

        // claim
        session.beginTransaction();
        List<?> claimed = query(session, "SELECT title FROM taskq_claim(?, count => ?)", "sta_1", 1).list();
        session.getTransaction().commit();
        check(claimed.equals(Arrays.asList("Chase bank statement")), claimed);

        // errors, by SQLSTATE
        check(stateOf(session, "SELECT cast(taskq_complete(?) AS text)", id + 1).equals("23514"), "refused");
        check(stateOf(session, "SELECT cast(taskq_start(?) AS text)", 1L).equals("P0002"), "no such task");
        session.close();

        // the entity: what is not set is sent as NULL, and means the default; a date has no zone
        session = factory.openSession();
        session.beginTransaction();
        query(session, "SELECT set_config('taskq.actor', ?, true)", "ana").list();
        Task task = new Task();
        task.title = "Written";
        task.dueDate = java.sql.Date.valueOf(LocalDate.of(2030, 6, 7));
        session.save(task);
        session.flush();
        session.refresh(task);
        check(task.priority.equals("MEDIUM") && task.status.equals("OPEN") && task.source.equals("MANUAL"), task.priority);
        check(task.createdBy.equals("ana") && task.dueDate.toLocalDate().equals(LocalDate.of(2030, 6, 7)), task.dueDate);
        task.priority = "URGENT";
        session.getTransaction().commit();

        // HQL: setString() is varchar, so that a cast is needed beside an operator; a literal is no parameter
        session.beginTransaction();
        List<?> open = session.createQuery("SELECT title FROM Hibernate$Task WHERE priority = 'URGENT' AND status = 'OPEN'").list();
        session.getTransaction().commit();
        check(open.equals(Arrays.asList("Written")), open);
        session.close();
        factory.close();
    }
}
