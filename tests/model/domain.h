#ifndef PARACLE_TESTS_MODEL_DOMAIN_H_
#define PARACLE_TESTS_MODEL_DOMAIN_H_

// The nouns of the model. A world so small that everything collides: 2 namespaces, 3 digests in each (the third shares
// the second's model), 2 models, 2 tags; every mark name is a small integer.

#include <array>
#include <bit>
#include <cstdint>
#include <string>

namespace paracle::model {

using Ms = int32_t;        // virtual time
using Seq = uint32_t;      // number of a mark
using EpochId = uint32_t;  // stands for 64 random bits: every draw differs
using Moment = uint32_t;   // place in the schedule: orders what happens within one millisecond

inline constexpr int kNamespaces = 2;
inline constexpr int kDigests = 3;
inline constexpr int kQuestions = kNamespaces * kDigests;
inline constexpr int kTags = 2;
inline constexpr int kFirstDigest = kNamespaces;
inline constexpr int kFirstModel = kFirstDigest + kQuestions;
inline constexpr int kFirstTag = kFirstModel + kNamespaces * 2;
inline constexpr int kNames = kFirstTag + kNamespaces * kTags;
inline constexpr int kMaxReplicas = 3;

// An answer somebody filled: which question it answers and when its fill began.
struct Value {
  uint8_t question = 0;
  uint8_t tags = 0;      // a bit each
  uint8_t asked_at = 0;  // replica whose Get missed
  Moment began = 0;
};

struct Token {
  EpochId epoch = 0;
  Seq seq = 0;
};

struct Entry {
  bool present = false;
  Value value;
  Token token;
  Seq valid_from = 0;  // memory only: up to this number no mark concerned it
};

using Marks = std::array<Seq, kNames>;  // 0: no mark
using Names = uint32_t;                 // a bit per name

// The names of the marks that concern `value`.
inline Names NamesOf(const Value& value) {
  const int space = value.question / kDigests;
  const int model = value.question % kDigests == 0 ? 0 : 1;
  return (1u << space) | (1u << (kFirstDigest + value.question)) | (1u << (kFirstModel + space * 2 + model)) |
         (static_cast<Names>(value.tags) << (kFirstTag + space * kTags));
}

inline bool Concerns(int name, const Value& value) { return (NamesOf(value) >> name) & 1; }

struct NameOfMark {
  int index;
};

std::string Describe(NameOfMark name);
std::string Describe(const Value& value);
std::string Describe(const Token& token);
// For what needs no words of its own.
template <typename Part>
const Part& Describe(const Part& part) {
  return part;
}

}  // namespace paracle::model

#endif  // PARACLE_TESTS_MODEL_DOMAIN_H_
