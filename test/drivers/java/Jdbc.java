import java.sql.Array;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.util.PSQLException;

/** taskq with JDBC. */
public class Jdbc {
    static void check(boolean condition, Object what) {
        if (!condition)
            throw new AssertionError(what);
    }

    static Connection connect(String port) throws SQLException {
        // connect; behind PgBouncer before 1.21 without prepared statements of the server
        Properties properties = new Properties();
        properties.setProperty("user", System.getenv("PGUSER"));
        properties.setProperty("password", System.getenv("PGPASSWORD"));
        properties.setProperty("prepareThreshold", "0");
        return DriverManager.getConnection(
            "jdbc:postgresql://" + System.getenv("PGHOST") + ":" + port + "/" + System.getenv("PGDATABASE"), properties);
    }

    static void actor(Connection db, String actor) throws SQLException {
        try (PreparedStatement statement = db.prepareStatement("SELECT set_config('taskq.actor', ?, true)")) {
            statement.setString(1, actor);
            statement.executeQuery();
        }
    }

    static List<String> page(Connection db, String after, List<String> cursors) throws SQLException {
        // a page, and the next one: arrays are of text
        String sql = "SELECT title, cursor FROM taskq_queue_page(status => ?, priority => ?, page_size => ?, after => ?)";
        List<String> titles = new ArrayList<>();
        try (PreparedStatement statement = db.prepareStatement(sql)) {
            Array status = db.createArrayOf("text", new String[] {"OPEN", "IN_PROGRESS", "OVERDUE"});
            Array priority = db.createArrayOf("varchar", new String[] {"HIGH", "MEDIUM", "LOW"});
            statement.setArray(1, status);
            statement.setArray(2, priority);
            statement.setInt(3, 2);
            statement.setString(4, after);
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next()) {
                    titles.add(rows.getString("title"));
                    cursors.add(rows.getString("cursor"));
                }
            }
        }
        return titles;
    }

    static SQLException failure(Connection db, String sql, long id) throws SQLException {
        try (PreparedStatement statement = db.prepareStatement(sql)) {
            statement.setLong(1, id);
            statement.executeQuery();
        } catch (SQLException error) {
            db.rollback();
            return error;
        }
        throw new AssertionError(sql);
    }

    public static void main(String[] arguments) throws SQLException {
        Connection db = connect(System.getenv("PGPORT"));
        db.setAutoCommit(false);

        // create, as somebody: the actor holds for the transaction
        long id;
        actor(db, "ana");
        try (PreparedStatement statement = db.prepareStatement(
                "SELECT taskq_create(?, priority => ?, due_date => ?, user_id => ?)")) {
            statement.setString(1, "Chase bank statement");
            statement.setString(2, "HIGH");
            statement.setObject(3, LocalDate.of(2030, 6, 5));
            statement.setString(4, "cus_1");
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                id = row.getLong(1);
            }
        }
        db.commit();

        // many at once: all of them, or none
        List<Long> ids = new ArrayList<>();
        try (PreparedStatement statement = db.prepareStatement(
                "SELECT (task ->> 'id')::bigint FROM taskq_create_many_json(?::jsonb, actor => ?) AS task")) {
            statement.setString(1, "[{\"title\": \"Review lease\", \"due_date\": \"2030-06-06\"}, {\"title\": \"Call back\", \"priority\": \"LOW\"}]");
            statement.setString(2, "bob");
            try (ResultSet rows = statement.executeQuery()) {
                while (rows.next())
                    ids.add(rows.getLong(1));
            }
        }
        db.commit();
        check(id == 9007199254740993L && ids.equals(List.of(id + 1, id + 2)), ids);

        List<String> cursors = new ArrayList<>();
        List<String> titles = page(db, null, cursors);
        titles.addAll(page(db, cursors.get(1), cursors));
        check(titles.equals(List.of("Chase bank statement", "Review lease", "Call back")), titles);

        // dates
        try (Statement statement = db.createStatement();
                ResultSet row = statement.executeQuery("SELECT due_date, created_by FROM taskq_tasks WHERE id = " + id)) {
            row.next();
            check(row.getObject("due_date", LocalDate.class).equals(LocalDate.of(2030, 6, 5)), row.getString("due_date"));
            check(row.getString("created_by").equals("ana"), row.getString("created_by"));
        }

        // claim
        try (PreparedStatement statement = db.prepareStatement("SELECT title, assignee_id FROM taskq_claim(?, count => ?)")) {
            statement.setString(1, "sta_1");
            statement.setInt(2, 1);
            try (ResultSet row = statement.executeQuery()) {
                check(row.next() && row.getString(1).equals("Chase bank statement"), "claim");
                check(row.getString(2).equals("sta_1") && !row.next(), "claim");
            }
        }
        db.commit();

        // errors, by SQLSTATE
        SQLException refused = failure(db, "SELECT taskq_complete(?)", ids.get(0));
        check(refused.getSQLState().equals("23514"), refused);
        check(((PSQLException) refused).getServerErrorMessage().getConstraint().equals("taskq_task_lifecycle"), refused);
        check(failure(db, "SELECT taskq_start(?)", 1).getSQLState().equals("P0002"), "no such task");

        // columns: setString() is varchar, so that a cast is needed beside an operator, and only there
        try (PreparedStatement statement = db.prepareStatement(
                "SELECT count(*) FROM taskq_tasks WHERE status = ?::taskq_status AND priority = ANY (?::taskq_priority[])")) {
            statement.setString(1, "OPEN");
            statement.setArray(2, db.createArrayOf("text", new String[] {"LOW", "MEDIUM"}));
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                check(row.getLong(1) == 2, row.getLong(1));
            }
        }
        try (PreparedStatement statement = db.prepareStatement(
                "INSERT INTO taskq_task (title, priority, status, source) VALUES (?, ?, ?, ?) RETURNING priority, source")) {
            statement.setString(1, "Written");
            statement.setNull(2, Types.VARCHAR);
            statement.setString(3, "OPEN");
            statement.setNull(4, Types.VARCHAR);
            try (ResultSet row = statement.executeQuery()) {
                row.next();
                check(row.getString(1).equals("MEDIUM") && row.getString(2).equals("MANUAL"), row.getString(1));
            }
        }
        db.commit();

        // listen, on a connection of the server's own
        try (Connection listener = connect(System.getenv("LISTEN_PORT"));
                Statement listen = listener.createStatement(); Statement statement = db.createStatement()) {
            listen.execute("LISTEN tasks");
            statement.execute("SELECT taskq_create('Heard of')");
            db.commit();
            PGNotification[] heard = listener.unwrap(PGConnection.class).getNotifications(30000);
            check(heard.length == 1 && heard[0].getParameter().contains("" + (id + 4)), heard.length);
        }
        db.close();
    }
}
