// Command peer runs vanguard-go in front of an upstream that records what it gets, for a service known by its descriptor set alone.
package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"

	"connectrpc.com/vanguard"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

// Sends each message back as it came, and its bytes and its method in headers, which every gateway hands on.
func record(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/proto")
	w.Header().Set("X-Recorded-Method", r.URL.Path)
	w.Header().Set("X-Recorded", base64.StdEncoding.EncodeToString(body))
	_, _ = w.Write(body)
}

func run(descriptors, service string) error {
	bytes, err := os.ReadFile(descriptors)
	if err != nil {
		return err
	}
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(bytes, &set); err != nil {
		return err
	}
	files, err := protodesc.NewFiles(&set)
	if err != nil {
		return err
	}
	descriptor, err := files.FindDescriptorByName(protoreflect.FullName(service))
	if err != nil {
		return err
	}
	transcoder, err := vanguard.NewTranscoder([]*vanguard.Service{vanguard.NewServiceWithSchema(
		descriptor.(protoreflect.ServiceDescriptor),
		http.HandlerFunc(record),
		vanguard.WithTypeResolver(dynamicpb.NewTypes(files)),
		vanguard.WithTargetProtocols(vanguard.ProtocolConnect),
		vanguard.WithTargetCodecs(vanguard.CodecProto),
		vanguard.WithNoTargetCompression(),
	)})
	if err != nil {
		return err
	}
	peer, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	upstream, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go func() { _ = http.Serve(upstream, http.HandlerFunc(record)) }()
	go func() {
		// Ends with the process that started it.
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	fmt.Printf("%d %d\n", peer.Addr().(*net.TCPAddr).Port, upstream.Addr().(*net.TCPAddr).Port)
	return http.Serve(peer, transcoder)
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: peer DESCRIPTOR_SET SERVICE")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
