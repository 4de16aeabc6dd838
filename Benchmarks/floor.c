// The floor under durable signed records: a program that does nothing but what has to reach the disk.
//
// It writes rows of the same sizes into the same tables with the same indexes as sign, disclose, end and rescind do, in
// batches as large, with as many syncs and as many Ed25519 signatures. It decides nothing, seals nothing, checks nothing
// and answers nobody.
//
//     floor <database with the schema> <folder> <commands> <commands a batch>
//
// Prints how many commands a second it did.

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static sqlite3 *database;
static EVP_PKEY *key;

static void fail(const char *what) {
    fprintf(stderr, "floor: %s: %s\n", what, database ? sqlite3_errmsg(database) : "");
    exit(1);
}

static sqlite3_stmt *prepare(const char *sql) {
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL)) fail(sql);
    return statement;
}

static void run(const char *sql) {
    if (sqlite3_exec(database, sql, NULL, NULL, NULL)) fail(sql);
}

static void step(sqlite3_stmt *statement) {
    int code = sqlite3_step(statement);
    if (code != SQLITE_DONE && code != SQLITE_ROW) fail("step");
    sqlite3_reset(statement);
}

// Random bytes that cost nothing: what lies in a page does not matter, that keys fall anywhere does.
static unsigned char noise[1 << 20];
static unsigned long state = 88172645463325252UL;
static unsigned long next(void) {
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}
static void blob(sqlite3_stmt *statement, int column, int count) {
    sqlite3_bind_blob(statement, column, noise + next() % (sizeof noise - 8192), count, SQLITE_TRANSIENT);
}
static void bytes(sqlite3_stmt *statement, int column, const unsigned char *from, int count) {
    sqlite3_bind_blob(statement, column, from, count, SQLITE_TRANSIENT);
}

static void sign(const unsigned char *message, size_t count) {
    unsigned char signature[64];
    size_t size = sizeof signature;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (EVP_DigestSignInit(context, NULL, NULL, NULL, key) != 1 ||
        EVP_DigestSign(context, signature, &size, message, count) != 1)
        fail("sign");
    EVP_MD_CTX_free(context);
}

int main(int count, char **words) {
    if (count != 5) {
        fprintf(stderr, "floor <database> <folder> <commands> <commands a batch>\n");
        return 2;
    }
    long commands = atol(words[3]), size = atol(words[4]);
    RAND_bytes(noise, sizeof noise);
    key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    if (!key || sqlite3_open(words[1], &database)) fail("open");
    run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -16384;"
        "PRAGMA wal_autocheckpoint = 4000; PRAGMA secure_delete = ON");
    char path[4096];
    snprintf(path, sizeof path, "%s/floor-head", words[2]);
    int head = open(path, O_RDWR | O_CREAT, 0600);
    snprintf(path, sizeof path, "%s/floor-keys", words[2]);
    int keys = open(path, O_RDWR | O_CREAT, 0600);
    snprintf(path, sizeof path, "%s/floor-destroyed", words[2]);
    int destroyed = open(path, O_RDWR | O_CREAT, 0600);
    if (head < 0 || keys < 0 || destroyed < 0 || pwrite(head, noise, 8192, 0) != 8192 || fsync(head)) fail("files");

    sqlite3_stmt *entry = prepare("INSERT INTO log_entry (position, note) VALUES (?, ?)");
    sqlite3_stmt *node = prepare("INSERT INTO log_node (level, position, hash) VALUES (?, ?, ?)");
    sqlite3_stmt *signedHead = prepare("INSERT INTO log_head (size, note) VALUES (?, ?)");
    sqlite3_stmt *event = prepare("INSERT INTO case_event (case_id, sequence, sealed, link) VALUES (?, ?, ?, ?)");
    sqlite3_stmt *mentoringCase = prepare(
        "INSERT INTO mentoring_case (id, workflow, opener, policy, tip, due) VALUES (?, 'mentorship', ?, ?, ?, 20000) "
        "ON CONFLICT (id) DO UPDATE SET policy = excluded.policy, tip = excluded.tip, due = excluded.due");
    sqlite3_stmt *party = prepare(
        "INSERT INTO party (handle, person, is_staff, rank, case_id, opener, workflow) "
        "VALUES (?, ?, 1, ?, ?, ?, 'mentorship') "
        "ON CONFLICT (handle) DO UPDATE SET rank = excluded.rank");
    sqlite3_stmt *vault = prepare("INSERT INTO vault (key_id, field, sealed) VALUES (?, ?, ?)");
    sqlite3_stmt *unvault = prepare("DELETE FROM vault WHERE key_id = ?");
    sqlite3_stmt *release = prepare("INSERT INTO release_case (release_id, case_id, code_digest) VALUES (?, ?, ?)");
    sqlite3_stmt *message = prepare("INSERT INTO message (id, sealed, round) VALUES (?, ?, NULL)");
    sqlite3_stmt *outcome =
        prepare("INSERT INTO outcome (key_digest, command_digest, result, round) VALUES (?, ?, ?, ?)");
    sqlite3_stmt *erasure = prepare("INSERT INTO erasure (key_id) VALUES (?)");
    sqlite3_stmt *unerase = prepare("DELETE FROM erasure WHERE key_id = ?");
    sqlite3_stmt *last = prepare("SELECT COALESCE(MAX(position), 0) + 1000000 FROM log_entry");
    if (sqlite3_step(last) != SQLITE_ROW) fail("log");
    long position = sqlite3_column_int64(last, 0);
    sqlite3_reset(last);

    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    unsigned char (*doomed)[16] = malloc(16 * (size_t)(size + 1));
    unsigned char (*open_rounds)[16] = malloc(16 * (size_t)(commands + 1));
    long opened = 0, closed = 0;
    for (long done = 0; done < commands;) {
        int makesKeys = 0, ends = 0;
        run("BEGIN IMMEDIATE");
        for (long i = 0; i < size && done < commands; i++, done++) {
            unsigned char id[16], round[16];
            memcpy(id, noise + next() % (sizeof noise - 64), 16);
            memcpy(round, noise + next() % (sizeof noise - 64), 16);
            for (int j = 0; j < 8; j++) {
                id[j] ^= (unsigned char)(next() >> 8);
                round[j] ^= (unsigned char)(next() >> 8);
            }
            sign(noise + next() % (sizeof noise - 1024), 700);
            sqlite3_bind_int64(entry, 1, position);
            blob(entry, 2, 700);
            step(entry);
            for (int level = 0; level < 2; level++) {
                sqlite3_bind_int64(node, 1, level);
                sqlite3_bind_int64(node, 2, level ? position / 2 + (position % 2) * 1000000000 : position);
                blob(node, 3, 32);
                step(node);
            }
            position++;
            bytes(mentoringCase, 1, id, 16);
            bytes(mentoringCase, 2, round, 16);
            blob(mentoringCase, 3, 32);
            blob(mentoringCase, 4, 32);
            step(mentoringCase);
            bytes(event, 1, id, 16); sqlite3_bind_int64(event, 2, done % 4); blob(event, 3, 600); blob(event, 4, 32);
            step(event);
            for (int j = 0; j < 1 + done % 2; j++) {
                unsigned char handle[16];
                memcpy(handle, id, 16);
                handle[15] ^= (unsigned char)(j + 1);
                bytes(party, 1, handle, 16);
                bytes(party, 2, round, 16);
                sqlite3_bind_int64(party, 3, done % 3);
                bytes(party, 4, id, 16);
                bytes(party, 5, round, 16);
                step(party);
            }
            blob(outcome, 1, 32); blob(outcome, 2, 32); blob(outcome, 4, 16);
            unsigned char digest[32];
            RAND_bytes(digest, sizeof digest);
            bytes(outcome, 1, digest, 32);
            sqlite3_bind_text(
                outcome, 3,
                "{\"done\":{\"release\":\"0123456789abcdef0123456789abcdef\","
                "\"round\":\"0123456789abcdef0123456789abcdef\"},\"records\":[123456]}",
                -1, SQLITE_STATIC);
            step(outcome);
            // In turn: sign, disclose, end, rescind.
            int kind = (int)(done % 4);
            for (int j = 0; j < (kind == 0 ? 4 : kind == 2 ? 0 : 1); j++) {
                char field[16];
                snprintf(field, sizeof field, "field/%d", j);
                bytes(vault, 1, round, 16);
                sqlite3_bind_text(vault, 2, field, -1, SQLITE_TRANSIENT);
                blob(vault, 3, j == 0 ? 1400 : 500);
                step(vault);
            }
            if (kind != 1) { bytes(message, 1, round, 16); blob(message, 2, 160); step(message); }
            if (kind == 0) {
                makesKeys = 1;
                memcpy(open_rounds[opened++], round, 16);
                bytes(release, 1, round, 16); bytes(release, 2, id, 16); bytes(release, 3, digest, 32);
                step(release);
            }
            if (kind == 2) {
                memcpy(doomed[ends], open_rounds[closed++], 16);
                bytes(erasure, 1, doomed[ends++], 16);
                step(erasure);
            }
        }
        if (makesKeys && (pwrite(keys, noise, 128 * (size_t)size, 0) < 0 || fdatasync(keys))) fail("keys");
        run("COMMIT");
        sign(noise, 200);
        sqlite3_bind_int64(signedHead, 1, position);
        blob(signedHead, 2, 300);
        if (pwrite(head, noise, 4096, position % 2 * 4096) != 4096 || fdatasync(head)) fail("head");
        if (ends) {
            if (pwrite(destroyed, noise, 16 * (size_t)ends, 16 * position) < 0 || fdatasync(destroyed))
                fail("destroyed");
            if (pwrite(keys, noise, 128 * (size_t)ends, 0) < 0 || fdatasync(keys)) fail("keys");
            run("BEGIN IMMEDIATE");
            for (int j = 0; j < ends; j++) {
                bytes(unvault, 1, doomed[j], 16); step(unvault);
                bytes(unerase, 1, doomed[j], 16); step(unerase);
            }
            step(signedHead);
            run("COMMIT");
        }
    }
    clock_gettime(CLOCK_MONOTONIC, &to);
    printf("%.1f\n", (double)commands / ((double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9));
    return 0;
}
