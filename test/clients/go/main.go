// connect-go, in its protocols and encodings: prints one line for each check, "ok NAME" or "FAILED NAME: WHY".
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	labv1 "tidegate.test/clients/gen/lab/v1"
	"tidegate.test/clients/gen/lab/v1/labv1connect"
)

type client = labv1connect.LabServiceClient

func main() {
	http1, http2, id := os.Args[1], os.Args[2], os.Args[3]
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	h2 := &http.Client{Transport: &http.Transport{Protocols: &protocols}}
	variants := []struct {
		name    string
		http    *http.Client
		origin  string
		options []connect.ClientOption
	}{
		{"Connect", http.DefaultClient, http1, nil},
		{"Connect in JSON", http.DefaultClient, http1, []connect.ClientOption{connect.WithProtoJSON()}},
		{"Connect by GET", http.DefaultClient, http1, []connect.ClientOption{connect.WithHTTPGet(), connect.WithHTTPGetMaxURLSize(4096, true)}},
		{"Connect, gzip sent", http.DefaultClient, http1, []connect.ClientOption{connect.WithSendGzip()}},
		{"Connect over HTTP/2", h2, http2, nil},
		{"gRPC-Web", http.DefaultClient, http1, []connect.ClientOption{connect.WithGRPCWeb()}},
		{"gRPC-Web, gzip sent", http.DefaultClient, http1, []connect.ClientOption{connect.WithGRPCWeb(), connect.WithSendGzip()}},
	}
	for _, variant := range variants {
		lab := labv1connect.NewLabServiceClient(variant.http, variant.origin, variant.options...)
		prefix := "connect-go, " + variant.name + ": "
		check(prefix+"unary, with leading and trailing metadata", func() error { return unary(lab) })
		check(prefix+"a message of 200 KiB both ways", func() error { return large(lab) })
		check(prefix+"a stream of responses", func() error { return count(lab) })
		check(prefix+"a stream of requests", func() error { return sum(lab) })
		check(prefix+"an error with details and metadata", func() error { return failure(lab) })
		check(prefix+"an error after two messages", func() error { return midStream(lab) })
		check(prefix+"a deadline", func() error { return deadline(lab, id+variant.name+"deadline") })
		check(prefix+"a stream canceled by its client", func() error { return cancellation(lab, id+variant.name+"cancel") })
		if variant.name == "Connect" || variant.name == "gRPC-Web" {
			check(prefix+"all 16 codes", func() error { return codes(lab) })
		}
	}
	for name, options := range map[string][]connect.ClientOption{"Connect": nil, "gRPC-Web": {connect.WithGRPCWeb()}} {
		chat := labv1connect.NewChatServiceClient(h2, http2, options...)
		check("connect-go, "+name+", duplex: each message is answered before the next one is sent", func() error { return duplex(chat) })
	}
}

func check(name string, run func() error) {
	if err := run(); err != nil {
		fmt.Printf("FAILED %s: %v\n", name, err)
		return
	}
	fmt.Printf("ok %s\n", name)
}

func unary(lab client) error {
	request := connect.NewRequest(&labv1.EchoRequest{Text: "Grüße 😀", Data: []byte{0, 255}})
	request.Header().Set("X-Lead", "first")
	response, err := lab.Echo(context.Background(), request)
	if err != nil {
		return err
	}
	if response.Msg.Text != "Grüße 😀" || !bytes.Equal(response.Msg.Data, []byte{0, 255}) {
		return fmt.Errorf("response %v", response.Msg)
	}
	if response.Header().Get("X-Leading") != "first" || response.Trailer().Get("X-Trailing") != "at the end" {
		return fmt.Errorf("headers %v, trailers %v", response.Header(), response.Trailer())
	}
	return nil
}

func large(lab client) error {
	data := make([]byte, 204800)
	for index := range data {
		if index%7 == 0 {
			data[index] = byte(index)
		}
	}
	response, err := lab.Echo(context.Background(), connect.NewRequest(&labv1.EchoRequest{Data: data}))
	if err != nil {
		return err
	}
	if !bytes.Equal(response.Msg.Data, data) {
		return errors.New("the data is not what was sent")
	}
	return nil
}

func count(lab client) error {
	stream, err := lab.Count(context.Background(), connect.NewRequest(&labv1.CountRequest{Count: 3, EveryMs: 20}))
	if err != nil {
		return err
	}
	numbers := []int32{}
	for stream.Receive() {
		numbers = append(numbers, stream.Msg().Number)
	}
	if fmt.Sprint(numbers) != "[1 2 3]" {
		return fmt.Errorf("messages %v", numbers)
	}
	return stream.Err()
}

func sum(lab client) error {
	stream := lab.Sum(context.Background())
	for number := int32(1); number <= 4; number++ {
		if err := stream.Send(&labv1.SumRequest{Number: number}); err != nil {
			return err
		}
	}
	response, err := stream.CloseAndReceive()
	if err != nil {
		return err
	}
	if response.Msg.Sum != 10 || response.Msg.Count != 4 {
		return fmt.Errorf("response %v", response.Msg)
	}
	return nil
}

func failure(lab client) error {
	_, err := lab.Fail(context.Background(), connect.NewRequest(&labv1.FailRequest{Code: 9, Message: "geht nicht: Grüße %"}))
	return expect(err, connect.CodeFailedPrecondition, "geht nicht: Grüße %")
}

func expect(err error, code connect.Code, message string) error {
	var failed *connect.Error
	if !errors.As(err, &failed) || failed.Code() != code || failed.Message() != message {
		return fmt.Errorf("error %v, not %v: %s", err, code, message)
	}
	if failed.Meta().Get("X-Meta") != "kept" {
		return fmt.Errorf("metadata %v", failed.Meta())
	}
	var info *errdetails.ErrorInfo
	var bad *errdetails.BadRequest
	var retry *errdetails.RetryInfo
	for _, detail := range failed.Details() {
		value, err := detail.Value()
		if err != nil {
			return err
		}
		switch found := value.(type) {
		case *errdetails.ErrorInfo:
			info = found
		case *errdetails.BadRequest:
			bad = found
		case *errdetails.RetryInfo:
			retry = found
		}
	}
	if info.GetMetadata()["key"] != "wert ü" || len(bad.GetFieldViolations()) != 1 || retry.GetRetryDelay().GetSeconds() != 2 {
		return fmt.Errorf("details %v %v %v", info, bad, retry)
	}
	return nil
}

func midStream(lab client) error {
	stream, err := lab.Count(context.Background(), connect.NewRequest(&labv1.CountRequest{Count: 2, FailWith: 10}))
	if err != nil {
		return err
	}
	received := 0
	for stream.Receive() {
		received++
	}
	if received != 2 {
		return fmt.Errorf("%d messages", received)
	}
	return expect(stream.Err(), connect.CodeAborted, "after 2")
}

func codes(lab client) error {
	for code := connect.Code(1); code <= 16; code++ {
		message := fmt.Sprintf("code %d", code)
		_, err := lab.Fail(context.Background(), connect.NewRequest(&labv1.FailRequest{Code: int32(code), Message: message}))
		if err := expect(err, code, message); err != nil {
			return err
		}
	}
	return nil
}

func deadline(lab client, id string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	_, err := lab.Sleep(ctx, connect.NewRequest(&labv1.SleepRequest{Id: id, Ms: 30000}))
	if connect.CodeOf(err) != connect.CodeDeadlineExceeded {
		return fmt.Errorf("error %v", err)
	}
	report, err := lab.Report(context.Background(), connect.NewRequest(&labv1.ReportRequest{Id: id}))
	if err != nil {
		return err
	}
	if !report.Msg.HasStarted || report.Msg.TimeoutMs <= 0 || report.Msg.TimeoutMs > 2000 {
		return fmt.Errorf("the upstream was sent %v", report.Msg)
	}
	return nil
}

func cancellation(lab client, id string) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	stream, err := lab.Count(ctx, connect.NewRequest(&labv1.CountRequest{Id: id, Count: 1000, EveryMs: 50}))
	if err != nil {
		return err
	}
	if !stream.Receive() {
		return stream.Err()
	}
	cancel()
	for stream.Receive() {
	}
	if connect.CodeOf(stream.Err()) != connect.CodeCanceled {
		return fmt.Errorf("error %v", stream.Err())
	}
	for late := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		report, err := lab.Report(context.Background(), connect.NewRequest(&labv1.ReportRequest{Id: id}))
		if err != nil {
			return err
		}
		if report.Msg.WasCanceled {
			return nil
		}
		if time.Now().After(late) {
			return errors.New("the upstream was not told of the cancellation within 30 s")
		}
	}
}

func duplex(chat labv1connect.ChatServiceClient) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	stream := chat.Chat(ctx)
	for _, text := range []string{"one", "two", "three"} {
		if err := stream.Send(&labv1.ChatRequest{Text: text}); err != nil {
			return err
		}
		response, err := stream.Receive()
		if err != nil {
			return err
		}
		if response.Text != text+"!" {
			return fmt.Errorf("response %q", response.Text)
		}
	}
	if err := stream.CloseRequest(); err != nil {
		return err
	}
	if _, err := stream.Receive(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("end %v", err)
	}
	return stream.CloseResponse()
}
