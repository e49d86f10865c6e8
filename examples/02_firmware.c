// The sender of a door terminal, with libmosquitto. An event is on disk before it is sent, and leaves the disk when
// it has been acked; whatever has not, goes again with the same id, after a reconnect as after a power cut.
//
//   cc -O2 -Wall -o firmware 02_firmware.c -lmosquitto
//   ./firmware HOST PORT DEVICE TOKEN OUTBOX [PICTURE.jpg]
//
// OUTBOX is a directory that is there. Ends with 0 when all is acked, 1 after a minute without success, 2 when it
// is not let in. Firmware would go on for ever; use mosquitto_tls_set() where the way is not your own wire.
#include <dirent.h>
#include <fcntl.h>
#include <mosquitto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_WAITING = 32, MAX_BYTES = 1 << 20 /* of a picture */, PATIENCE_S = 60, ACK_WITHIN_S = 20, LISTEN_S = 1 };

static const char *device, *outbox;
static struct { int mid; char name[96]; } waiting[MAX_WAITING]; // sent, not acked
static int n_waiting, refused;
static time_t last_ack;

static void path_of(char *path, size_t size, const char *name) { snprintf(path, size, "%s/%s", outbox, name); }

// Whole or not at all, and on the disk when it returns.
static int keep(const char *name, const void *bytes, size_t length) {
  char path[512], new[520];
  path_of(path, sizeof path, name);
  snprintf(new, sizeof new, "%s.new", path);
  int file = open(new, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0) return -1;
  int ok = write(file, bytes, length) == (ssize_t)length && fsync(file) == 0;
  close(file);
  if (!ok || rename(new, path) != 0) return -1;
  int folder = open(outbox, O_RDONLY | O_DIRECTORY);
  ok = folder >= 0 && fsync(folder) == 0;
  if (folder >= 0) close(folder);
  return ok ? 0 : -1;
}

static size_t load(const char *path, char *bytes, size_t size) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) return 0;
  size_t length = fread(bytes, 1, size, file);
  fclose(file);
  return length;
}

// An id is unique for ever without a clock: starts are counted on disk, and events within a start.
static unsigned next_boot(void) {
  char path[512], text[32] = "";
  path_of(path, sizeof path, "boot");
  load(path, text, sizeof text - 1);
  unsigned boot = (unsigned)strtoul(text, NULL, 10) + 1;
  int length = snprintf(text, sizeof text, "%u\n", boot);
  return keep("boot", text, (size_t)length) == 0 ? boot : 0;
}

static int is_message(const struct dirent *entry) {
  const char *dot = strrchr(entry->d_name, '.');
  return dot != NULL && (strcmp(dot, ".event") == 0 || strcmp(dot, ".picture") == 0);
}

// Sends what is on disk, oldest first; an event sorts before its picture. Returns how much is there.
static int send_outbox(struct mosquitto *client) {
  static char bytes[MAX_BYTES + 1];
  struct dirent **entries;
  int n = scandir(outbox, &entries, is_message, alphasort);
  for (int i = 0; i < n; i++) {
    if (n_waiting < MAX_WAITING) {
      char path[512], topic[256];
      const char *name = entries[i]->d_name;
      path_of(path, sizeof path, name);
      size_t length = load(path, bytes, sizeof bytes);
      int is_event = strcmp(strrchr(name, '.'), ".event") == 0;
      int id_length = (int)(strrchr(name, '.') - name);
      if (is_event) snprintf(topic, sizeof topic, "lintel/v1/%s/event", device);
      else snprintf(topic, sizeof topic, "lintel/v1/%s/snapshot/%.*s", device, id_length, name);
      int mid;
      if (mosquitto_publish(client, &mid, topic, (int)length, bytes, 1, false) == MOSQ_ERR_SUCCESS) {
        waiting[n_waiting].mid = mid;
        snprintf(waiting[n_waiting++].name, sizeof waiting[0].name, "%.95s", name);
      }
    }
    free(entries[i]);
  }
  if (n >= 0) free(entries);
  return n;
}

static void on_connect(struct mosquitto *client, void *_, int code) {
  char topic[128];
  if (code == 4 || code == 5) refused = code; // wrong token, or disabled: trying again will not help
  if (code != 0) return;
  snprintf(topic, sizeof topic, "lintel/v1/%s/command", device);
  mosquitto_subscribe(client, NULL, topic, 1);
  snprintf(topic, sizeof topic, "lintel/v1/%s/status", device);
  const char *online = "{\"state\":\"online\",\"firmware\":\"1.0.0\"}";
  mosquitto_publish(client, NULL, topic, (int)strlen(online), online, 1, true);
  last_ack = time(NULL);
}

// The ack: it is on the disk of the other side, and may leave ours. What libmosquitto had on its way when a
// connection broke it sends again itself, under the same mid.
static void on_publish(struct mosquitto *client, void *_, int mid) {
  last_ack = time(NULL);
  for (int i = 0; i < n_waiting; i++) {
    if (waiting[i].mid != mid) continue;
    char path[512];
    path_of(path, sizeof path, waiting[i].name);
    unlink(path);
    printf("acked %s\n", waiting[i].name);
    waiting[i] = waiting[--n_waiting];
    return;
  }
}

// {"type":"refusal",…}: it was acked and will never be stored, and this says why. {"type":"time",…}: set the clock.
static void on_message(struct mosquitto *client, void *_, const struct mosquitto_message *message) {
  printf("told %.*s\n", message->payloadlen, (const char *)message->payload);
}

int main(int argc, char **argv) {
  if (argc < 6) return fprintf(stderr, "usage: firmware HOST PORT DEVICE TOKEN OUTBOX [PICTURE.jpg]\n"), 2;
  device = argv[3], outbox = argv[5];
  setvbuf(stdout, NULL, _IOLBF, 0);

  // Someone passes the door.
  unsigned boot = next_boot(), count = 1;
  char name[96], at[32], event[256], topic[128];
  time_t now = time(NULL);
  strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", gmtime(&now));
  int length = snprintf(event, sizeof event,
    "{\"id\":\"b%u-%06u\",\"type\":\"passage\",\"time\":\"%s\","
    "\"data\":{\"direction\":\"in\",\"result\":\"granted\",\"method\":\"card\"}}", boot, count, at);
  snprintf(name, sizeof name, "b%u-%06u.event", boot, count);
  if (boot == 0 || keep(name, event, (size_t)length) != 0) return perror(outbox), 1;
  if (argc > 6) {
    static char picture[MAX_BYTES + 1];
    size_t bytes = load(argv[6], picture, sizeof picture);
    snprintf(name, sizeof name, "b%u-%06u.picture", boot, count);
    if (bytes == 0 || bytes > MAX_BYTES || keep(name, picture, bytes) != 0) return perror(argv[6]), 1;
  }

  mosquitto_lib_init();
  srand((unsigned)getpid());
  struct mosquitto *client = mosquitto_new(device, true, NULL);
  mosquitto_username_pw_set(client, device, argv[4]);
  const char *offline = "{\"state\":\"offline\"}";
  snprintf(topic, sizeof topic, "lintel/v1/%s/status", device);
  mosquitto_will_set(client, topic, (int)strlen(offline), offline, 1, true);
  mosquitto_connect_callback_set(client, on_connect);
  mosquitto_publish_callback_set(client, on_publish);
  mosquitto_message_callback_set(client, on_message);

  time_t give_up = now + PATIENCE_S, done = 0;
  int code = mosquitto_connect(client, argv[1], atoi(argv[2]), 30), pause_ms = 500;
  while (!refused && time(NULL) < give_up && (done == 0 || time(NULL) <= done + LISTEN_S)) {
    if (code == MOSQ_ERR_SUCCESS) code = mosquitto_loop(client, 100, 1);
    // Silence is no ack: a new connection, on which it goes again.
    if (n_waiting > 0 && time(NULL) > last_ack + ACK_WITHIN_S) code = MOSQ_ERR_CONN_LOST;
    if (code != MOSQ_ERR_SUCCESS) {
      // Random and growing: a power cut brings back a whole town at once.
      usleep((useconds_t)(rand() % pause_ms + pause_ms / 2) * 1000);
      pause_ms = pause_ms < 30000 ? pause_ms * 2 : 60000;
      code = mosquitto_reconnect(client);
      last_ack = last_ack == 0 ? 0 : time(NULL);
    } else if (n_waiting == 0 && last_ack != 0 && done == 0 && send_outbox(client) == 0) {
      done = time(NULL);
    }
  }
  mosquitto_publish(client, NULL, topic, (int)strlen(offline), offline, 1, true);
  mosquitto_loop(client, 100, 1);
  mosquitto_disconnect(client);
  mosquitto_destroy(client);
  mosquitto_lib_cleanup();
  if (refused) fprintf(stderr, "not let in (return code %d): %s\n", refused, refused == 4 ? "unknown device or wrong token" : "disabled, or ids differ");
  else if (done == 0) fprintf(stderr, "not all was acked in %d s: it stays in %s\n", PATIENCE_S, outbox);
  return refused ? 2 : done == 0;
}
