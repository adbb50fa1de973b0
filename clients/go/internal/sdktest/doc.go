// Package sdktest tries the transport with the providers' own SDKs. It is a module of its own, so that who uses the
// client does not inherit them.
package sdktest
