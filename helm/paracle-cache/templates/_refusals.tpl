{{/* What no single value shows to be wrong: one line that names the values and what is accepted. */}}

{{- define "paracle-cache.refuse" -}}
{{- $v := .Values -}}
{{- if not (or $v.allowInsecure $v.tls.enabled) -}}
{{- $why := ternary "auth.enabled alone sends tokens in the clear" "the service would be open to every pod" $v.auth.enabled -}}
{{- fail (printf "%s: set tls.enabled=true, or, for a trial, allowInsecure=true" $why) -}}
{{- end -}}
{{- include "paracle-cache.refuseTls" $v.tls -}}
{{- include "paracle-cache.refuseAuth" $v.auth -}}
{{- include "paracle-cache.refuseEncryption" . -}}
{{- include "paracle-cache.refuseRedis" $v -}}
{{- if and (not $v.metrics.enabled) (or $v.metrics.serviceMonitor.enabled $v.metrics.prometheusRule.enabled) -}}
{{- fail "metrics.serviceMonitor and metrics.prometheusRule need metrics.enabled=true" -}}
{{- end -}}
{{- if and $v.autoscaling.enabled (gt (int64 $v.autoscaling.minReplicas) (int64 $v.autoscaling.maxReplicas)) -}}
{{- fail (printf "autoscaling.minReplicas: %v is more than autoscaling.maxReplicas: %v" $v.autoscaling.minReplicas $v.autoscaling.maxReplicas) -}}
{{- end -}}
{{- end -}}

{{- define "paracle-cache.refuseTls" -}}
{{- if not .enabled -}}
{{- if or .existingSecret .certManager.enabled .clientCA.enabled -}}
{{- fail "tls.existingSecret, tls.certManager and tls.clientCA do nothing without tls.enabled=true" -}}
{{- end -}}
{{- else if and .existingSecret .certManager.enabled -}}
{{- fail "tls.existingSecret and tls.certManager.enabled are two sources of one certificate: give one of them" -}}
{{- else if not (or .existingSecret .certManager.enabled) -}}
{{- fail "tls.enabled needs tls.existingSecret (with tls.crt and tls.key) or tls.certManager.enabled=true" -}}
{{- else if and .certManager.enabled (not .certManager.issuer.name) -}}
{{- fail "tls.certManager.enabled needs tls.certManager.issuer.name" -}}
{{- end -}}
{{- end -}}

{{- define "paracle-cache.refuseAuth" -}}
{{- if and (not .enabled) (or .existingSecret .tokens) -}}
{{- fail "auth.existingSecret and auth.tokens do nothing without auth.enabled=true" -}}
{{- else if and .existingSecret .tokens -}}
{{- fail "auth.existingSecret and auth.tokens are two files of tokens: give one of them" -}}
{{- else if and .enabled (not (or .existingSecret .tokens)) -}}
{{- fail "auth.enabled needs auth.existingSecret or auth.tokens; `paracle cache token new` prints a token and its line" -}}
{{- end -}}
{{- end -}}

{{- define "paracle-cache.refuseEncryption" -}}
{{- $encryption := .Values.encryption -}}
{{- if and (not $encryption.enabled) $encryption.existingSecret -}}
{{- fail "encryption.existingSecret does nothing without encryption.enabled=true" -}}
{{- else if and $encryption.enabled (not $encryption.existingSecret) -}}
{{- fail "encryption.enabled needs encryption.existingSecret, a secret with the file of keys (docs/encryption.md)" -}}
{{- else if and $encryption.enabled (eq (include "paracle-cache.backend" .) "memory") -}}
{{- fail "encryption.enabled needs a shared tier, externalRedis or valkey: memory is not sealed" -}}
{{- end -}}
{{- end -}}

{{- define "paracle-cache.refuseRedis" -}}
{{- $redis := .externalRedis -}}
{{- if and $redis.enabled .valkey.enabled -}}
{{- fail "externalRedis.enabled and valkey.enabled are two shared tiers: give one of them" -}}
{{- else if not $redis.enabled -}}
{{- if or $redis.addresses $redis.existingSecret $redis.password -}}
{{- fail "externalRedis.addresses, existingSecret and password do nothing without externalRedis.enabled=true" -}}
{{- end -}}
{{- else if and $redis.existingSecret $redis.password -}}
{{- fail "externalRedis.existingSecret and externalRedis.password are two passwords: give one of them" -}}
{{- else if $redis.existingSecretUrlKey -}}
{{- if not $redis.existingSecret -}}
{{- fail "externalRedis.existingSecretUrlKey needs externalRedis.existingSecret" -}}
{{- end -}}
{{- else if not $redis.addresses -}}
{{- fail "externalRedis.enabled needs externalRedis.addresses, such as [\"redis.example:6379\"], or existingSecretUrlKey" -}}
{{- else if and (eq $redis.mode "standalone") (gt (len $redis.addresses) 1) -}}
{{- fail "externalRedis.mode standalone has one address; several are mode cluster or sentinel" -}}
{{- else if and (eq $redis.mode "sentinel") (not $redis.sentinelMaster) -}}
{{- fail "externalRedis.mode sentinel needs externalRedis.sentinelMaster, what the Sentinels call the master" -}}
{{- else if and (eq $redis.mode "cluster") (ne (int64 $redis.database) 0) -}}
{{- fail "externalRedis.mode cluster has no database but 0" -}}
{{- else if and $redis.username (not (or $redis.password $redis.existingSecret)) -}}
{{- fail "externalRedis.username needs externalRedis.existingSecret or externalRedis.password" -}}
{{- end -}}
{{- end -}}
