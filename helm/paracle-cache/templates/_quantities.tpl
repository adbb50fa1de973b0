{{/* Numbers: sizes, durations, and what follows from the memory limit and the drain. */}}

{{/* A scalar of the values as text. YAML numbers arrive as floating point: 1000000 must not become 1e+06. */}}
{{- define "paracle-cache.text" -}}
{{- if and (kindIs "float64" .) (eq . (floor .)) -}}{{ int64 . }}{{- else -}}{{ . }}{{- end -}}
{{- end -}}

{{/* Bytes of 512Mi and 1G (Kubernetes), 64MiB and 3MB (ours), or a plain number. */}}
{{- define "paracle-cache.bytes" -}}
{{- $text := include "paracle-cache.text" . | lower | trimSuffix "b" -}}
{{- $unit := regexFind "[kmgt]i?$" $text -}}
{{- $factors := dict "" 1 "k" 1e3 "m" 1e6 "g" 1e9 "t" 1e12 "ki" 1024 "mi" 1048576 "gi" 1073741824 "ti" 1099511627776 -}}
{{- mulf (float64 (trim (trimSuffix $unit $text))) (get $factors $unit | float64) | floor | int64 -}}
{{- end -}}

{{/* Milliseconds of 500ms, 5s, 1m, 1h, or a plain number of seconds. */}}
{{- define "paracle-cache.milliseconds" -}}
{{- $text := include "paracle-cache.text" . -}}
{{- $unit := regexFind "(ms|s|m|h)$" $text -}}
{{- mul (int64 (trimSuffix $unit $text)) (get (dict "ms" 1 "s" 1000 "" 1000 "m" 60000 "h" 3600000) $unit) -}}
{{- end -}}

{{/* Mebibytes, rounded up, for people. */}}
{{- define "paracle-cache.mebibytes" -}}
{{- divf (float64 .) 1048576 | ceil | int64 }}Mi
{{- end -}}

{{/* What the process may take beside the cache: recordings; connections, or 16 KiB for each call that waits or follows
     where that is more; and 256 MiB that a flood brings before its connection is closed (docs/limits.md). */}}
{{- define "paracle-cache.reservedBytes" -}}
{{- $recordings := include "paracle-cache.bytes" (dig "recordingBytes" "64MiB" .Values.config) -}}
{{- $calls := add (int64 (dig "maxWaiters" 10000 .Values.config)) (int64 (dig "maxFollowers" 10000 .Values.config)) -}}
{{- $connections := include "paracle-cache.bytes" (dig "connectionBytes" "256MiB" .Values.config) -}}
{{- add 268435456 (int64 $recordings) (max (int64 $connections) (mul $calls 16384)) -}}
{{- end -}}

{{/* PARACLE_CACHE_MAX_BYTES; empty when nothing decides it. The cache may pass its limit by 5 %, so 20/21 of the rest. */}}
{{- define "paracle-cache.maxBytes" -}}
{{- $limit := dig "limits" "memory" "" .Values.resources -}}
{{- $reserved := include "paracle-cache.reservedBytes" . | int64 -}}
{{- if and $limit (not .Values.config.maxBytes) -}}
{{- $room := div (mul (sub (include "paracle-cache.bytes" $limit | int64) $reserved) 20) 21 -}}
{{- $needed := include "paracle-cache.leastMaxBytes" . | int64 -}}
{{- if lt (int64 $room) $needed -}}
{{- $want := add $reserved (div (mul $needed 21) 20) 1 -}}
{{- fail (printf "resources.limits.memory: %v has no room for the cache: the process may take %s beside it, so give at least %s, or lower config.recordingBytes, maxWaiters, maxFollowers and connectionBytes (docs/helm.md)" $limit (include "paracle-cache.mebibytes" $reserved) (include "paracle-cache.mebibytes" $want)) -}}
{{- end -}}
{{- $room -}}
{{- else if .Values.config.maxBytes -}}
{{- $bytes := include "paracle-cache.bytes" .Values.config.maxBytes | int64 -}}
{{- $want := add $reserved (div (mul $bytes 21) 20) -}}
{{- if and $limit (lt (include "paracle-cache.bytes" $limit | int64) (int64 $want)) -}}
{{- fail (printf "config.maxBytes: %v does not fit into resources.limits.memory: %v; give at least %s, or leave maxBytes out and the chart computes it (docs/helm.md)" .Values.config.maxBytes $limit (include "paracle-cache.mebibytes" $want)) -}}
{{- end -}}
{{- $bytes -}}
{{- end -}}
{{- end -}}

{{/* A cache of less than 16 MiB, or than eight of its largest entries, is a mistake. */}}
{{- define "paracle-cache.leastMaxBytes" -}}
{{- $entry := include "paracle-cache.bytes" (dig "maxEntryBytes" "3MiB" .Values.config) | int64 -}}
{{- max 16777216 (mul 8 $entry) -}}
{{- end -}}

{{/* Seconds that Kubernetes must leave the server between SIGTERM and SIGKILL. */}}
{{- define "paracle-cache.terminationGracePeriodSeconds" -}}
{{- $delay := include "paracle-cache.milliseconds" (dig "drainDelay" "0" .Values.config) | int64 -}}
{{- $timeout := include "paracle-cache.milliseconds" (dig "drainTimeout" "10s" .Values.config) | int64 -}}
{{- $needed := add (div (add $delay $timeout 999) 1000) 10 -}}
{{- $given := .Values.terminationGracePeriodSeconds -}}
{{- if kindIs "invalid" $given -}}
{{- $needed -}}
{{- else if lt (int64 $given) (int64 $needed) -}}
{{- fail (printf "terminationGracePeriodSeconds: %v cuts the drain short: config.drainDelay %v + config.drainTimeout %v + 10 s is %v; give at least that, or leave it out" $given (dig "drainDelay" "0" .Values.config) (dig "drainTimeout" "10s" .Values.config) $needed) -}}
{{- else -}}
{{- int64 $given -}}
{{- end -}}
{{- end -}}
