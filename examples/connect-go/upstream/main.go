// The greeter in Go.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net/http"

	"connectrpc.com/connect"
	greeterv1 "example.com/greeter/gen/greeter/v1"
	"example.com/greeter/gen/greeter/v1/greeterv1connect"
)

type greeter struct{}

func (greeter) Greet(_ context.Context, request *connect.Request[greeterv1.GreetRequest]) (*connect.Response[greeterv1.GreetResponse], error) {
	name := request.Msg.GetName()
	if len(name) < 1 || len(name) > 100 {
		return nil, connect.NewError(connect.CodeInvalidArgument, errors.New("name: write 1 to 100 characters"))
	}
	return connect.NewResponse(&greeterv1.GreetResponse{Text: fmt.Sprintf("Hello from Go, %s!", name)}), nil
}

func main() {
	mux := http.NewServeMux()
	mux.Handle(greeterv1connect.NewGreeterServiceHandler(greeter{}))
	fmt.Println("the greeter listens on 127.0.0.1:18182")
	log.Fatal(http.ListenAndServe("127.0.0.1:18182", mux))
}
