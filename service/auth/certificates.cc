#include "service/auth/certificates.h"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <memory>

#include "absl/strings/str_cat.h"

namespace paracle::service::auth {
namespace {

template <auto free_function>
struct Free {
  template <typename T>
  void operator()(T* object) const {
    free_function(object);
  }
};
using Bio = std::unique_ptr<BIO, Free<BIO_free>>;
using Certificate = std::unique_ptr<X509, Free<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;

Bio Reading(absl::string_view text) { return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))); }

// Nobody is there to be asked for a passphrase.
int NoPassphrase(char*, int, int, void*) { return -1; }

absl::Status Refuse(absl::string_view problem) {
  ERR_clear_error();
  return absl::InvalidArgumentError(problem);
}

// The first certificate of a text that holds nothing but good ones; null: there is none, or a bad one.
Certificate FirstOf(absl::string_view pem) {
  const Bio bio = Reading(pem);
  Certificate first(PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr));
  if (first == nullptr) return nullptr;
  while (Certificate next{PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr)}) continue;
  const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  return at_end ? std::move(first) : nullptr;
}

absl::Time ToTime(const ASN1_TIME* time) {
  tm parts = {};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return absl::InfinitePast();
  return absl::FromTM(parts, absl::UTCTimeZone());
}

absl::Status CheckPeriod(const X509& certificate, absl::Time now) {
  const absl::Time begin = ToTime(X509_get0_notBefore(&certificate));
  const absl::Time end = ToTime(X509_get0_notAfter(&certificate));
  if (now >= begin && now < end) return absl::OkStatus();
  return Refuse(absl::StrCat(now < begin ? "is not valid before " : "has expired at ",
                             absl::FormatTime(absl::RFC3339_sec, now < begin ? begin : end, absl::UTCTimeZone())));
}

}  // namespace

absl::StatusOr<absl::Time> CheckCertificates(const Certificates& certificates, absl::Time now, int* at) {
  *at = 0;
  const Certificate certificate = FirstOf(certificates.chain);
  if (certificate == nullptr) return Refuse("holds no PEM certificate, or a broken one");
  if (absl::Status status = CheckPeriod(*certificate, now); !status.ok()) return status;
  *at = 1;
  const Bio bio = Reading(certificates.key);
  const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
  if (key == nullptr) return Refuse("holds no PEM private key, or one with a passphrase");
  if (X509_check_private_key(certificate.get(), key.get()) != 1) return Refuse("is not the key of the certificate");
  *at = 2;
  if (!certificates.client_ca.empty() && FirstOf(certificates.client_ca) == nullptr) {
    return Refuse("holds no PEM certificate, or a broken one");
  }
  return ToTime(X509_get0_notAfter(certificate.get()));
}

}  // namespace paracle::service::auth
