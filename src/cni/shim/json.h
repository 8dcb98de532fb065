/*
 * The little JSON that the shim needs: texts at the top level of an object. Reads in place, allocates nothing and does not recurse,
 * so no input can exhaust anything.
 */
#ifndef GRYPHON_SHIM_JSON_H
#define GRYPHON_SHIM_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct cursor {
  const char *at;
  const char *end;
};

static void skip_space(struct cursor *c) {
  while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r')) c->at++;
}

static bool take(struct cursor *c, char wanted) {
  skip_space(c);
  if (c->at >= c->end || *c->at != wanted) return false;
  c->at++;
  return true;
}

static int hex4(struct cursor *c) {
  int value = 0;
  if (c->end - c->at < 4) return -1;
  for (int i = 0; i < 4; i++, c->at++) {
    char h = *c->at;
    const char *digits = "0123456789abcdef", *digit = strchr(digits, h >= 'A' && h <= 'F' ? h + 32 : h);
    if (h == 0 || digit == NULL) return -1;
    value = value * 16 + (int)(digit - digits);
  }
  return value;
}

/*
 * Reads a string, the cursor standing behind its opening quote, into `out` with a final 0. False at malformed JSON. A text
 * that does not fit, or that has an escape beyond ASCII (neither paths nor versions need one), reads as "": it then matches
 * no key and is no value.
 */
static bool take_string(struct cursor *c, char *out, size_t size) {
  size_t n = 0;
  bool usable = true;
  while (c->at < c->end && *c->at != '"') {
    int value = (unsigned char)*c->at++;
    if (value < 0x20) return false;
    if (value == '\\') {
      static const char escapes[] = "\"\"\\\\//b\bf\fn\nr\rt\t";
      if (c->at >= c->end) return false;
      char e = *c->at++;
      value = -1;
      if (e == 'u') {
        value = hex4(c);
        if (value < 0) return false;
        if (value == 0 || value > 0x7e) usable = false;
      }
      for (size_t i = 0; e != 'u' && i < sizeof escapes - 1; i += 2)
        if (escapes[i] == e) value = escapes[i + 1];
      if (value < 0) return false;
    }
    if (n + 1 < size) out[n++] = (char)value;
    else usable = false;
  }
  if (c->at >= c->end) return false;
  c->at++;
  out[usable ? n : 0] = 0;
  return true;
}

/* Skips one value of any kind without recursion. */
static bool skip_value(struct cursor *c) {
  char ignored[1];
  int depth = 0;
  do {
    skip_space(c);
    if (c->at >= c->end) return false;
    char first = *c->at++;
    if (first == '"' && !take_string(c, ignored, sizeof ignored)) return false;
    if (first == '{' || first == '[') depth++;
    if (first == '}' || first == ']') depth--;
    bool scalar = strchr("\"{}[],:", first) == NULL;
    while (scalar && c->at < c->end && strchr(" \t\r\n,:]}", *c->at) == NULL) c->at++;
  } while (depth > 0);
  return depth == 0;
}

/* The text that the object of `n` bytes has under `key` at its top level, the last one if there are several; false when there is none. */
static bool find_text(const char *json, size_t n, const char *key, char *out, size_t size) {
  struct cursor c = {json, json + n};
  bool found = false;
  char name[64];
  if (!take(&c, '{')) return false;
  do {
    if (!take(&c, '"') || !take_string(&c, name, sizeof name) || !take(&c, ':')) return found;
    skip_space(&c);
    if (strcmp(name, key) == 0 && take(&c, '"')) {
      if (!take_string(&c, out, size)) return false;
      found = out[0] != 0;
    } else if (!skip_value(&c)) {
      return found;
    }
  } while (take(&c, ','));
  return found;
}

#endif
