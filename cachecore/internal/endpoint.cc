#include "cachecore/internal/endpoint.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"
#include "cachecore/internal/request_rules.h"

namespace paracle::cachecore::internal {
namespace {

// RFC 3986 unreserved characters and sub-delimiters, and what else may stand in a path; '%' begins an escape.
bool MayStand(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
         absl::string_view("-._~!$&'()*+,;=:@/%").find(c) != absl::string_view::npos;
}

void AppendEscaped(absl::string_view text, bool in_query, std::string& out) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : text) {
    if (MayStand(c) || (in_query && c == '?')) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHex[byte >> 4];
    out += kHex[byte & 15];
  }
}

int HexValue(char c) {
  if (!absl::ascii_isxdigit(static_cast<unsigned char>(c))) return -1;
  return absl::ascii_isdigit(static_cast<unsigned char>(c)) ? c - '0' : absl::ascii_tolower(c) - 'a' + 10;
}

std::string Unescape(absl::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && HexValue(text[i + 1]) >= 0 && HexValue(text[i + 2]) >= 0) {
      plain += static_cast<char>(HexValue(text[i + 1]) * 16 + HexValue(text[i + 2]));
      i += 2;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

// The path and query of a full URL; a path as it is.
absl::string_view WithoutAuthority(absl::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == absl::string_view::npos || scheme > url.find_first_of("/?#")) return url;
  url.remove_prefix(scheme + 3);
  const size_t path = url.find_first_of("/?#");
  return path == absl::string_view::npos ? absl::string_view() : url.substr(path);
}

absl::string_view NameOf(absl::string_view parameter) { return parameter.substr(0, parameter.find('=')); }

void AppendQuery(absl::string_view query, Endpoint& endpoint) {
  std::vector<absl::string_view> kept;
  for (absl::string_view parameter : absl::StrSplit(query, '&', absl::SkipEmpty())) {
    const std::string name = Unescape(NameOf(parameter));
    if (IsCredential(name)) {
      endpoint.removed.push_back(name);
    } else {
      kept.push_back(parameter);
    }
  }
  std::stable_sort(kept.begin(), kept.end(),
                   [](absl::string_view a, absl::string_view b) { return NameOf(a) < NameOf(b); });
  char separator = '?';
  for (const absl::string_view parameter : kept) {
    endpoint.text += separator;
    AppendEscaped(parameter, /*in_query=*/true, endpoint.text);
    separator = '&';
  }
}

}  // namespace

Endpoint CanonicalEndpoint(absl::string_view url) {
  Endpoint endpoint;
  if (url.empty()) return endpoint;
  absl::string_view rest = WithoutAuthority(url);
  rest = rest.substr(0, rest.find('#'));
  const size_t question = rest.find('?');
  AppendEscaped(rest.substr(0, question), /*in_query=*/false, endpoint.text);
  if (endpoint.text.empty()) endpoint.text += '/';
  if (question != absl::string_view::npos) AppendQuery(rest.substr(question + 1), endpoint);
  return endpoint;
}

}  // namespace paracle::cachecore::internal
