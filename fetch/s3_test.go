package main

import (
	"archive/zip"
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const testKeyID, testSecretKey = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG"

// fakeS3 holds one bucket, and answers only to requests whose signature is right for its region.
func fakeS3(t *testing.T, region string, objects map[string]string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		if code := wrongSignature(request, region); code != "" {
			response.Header().Set("X-Amz-Bucket-Region", region)
			response.WriteHeader(http.StatusForbidden)
			fmt.Fprintf(response, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, request.Header.Get("Authorization"))
			return
		}
		if request.URL.Query().Get("list-type") == "2" {
			list(response, request, objects)
			return
		}
		content, ok := objects[strings.TrimPrefix(request.URL.Path, "/bucket/")]
		if !ok {
			response.WriteHeader(http.StatusNotFound)
			return
		}
		fmt.Fprint(response, content)
	}))
	t.Cleanup(server.Close)
	return server
}

// list gives one object a page.
func list(response http.ResponseWriter, request *http.Request, objects map[string]string) {
	query := request.URL.Query()
	page := s3Listing{}
	for key := range objects {
		if strings.HasPrefix(key, query.Get("prefix")) && key > query.Get("continuation-token") && (page.Contents == nil || key < page.Contents[0].Key) {
			page.Contents = []struct {
				Key  string
				Size int64
			}{{Key: key}}
		}
	}
	if page.Contents != nil {
		page.IsTruncated, page.NextContinuationToken = true, page.Contents[0].Key
	}
	_ = xml.NewEncoder(response).Encode(page)
}

func wrongSignature(request *http.Request, region string) string {
	given := request.Header.Get("Authorization")
	if given == "" {
		return ""
	}
	signed, _ := time.Parse("20060102T150405Z", request.Header.Get("X-Amz-Date"))
	again, _ := http.NewRequest(request.Method, "http://"+request.Host+request.URL.RequestURI(), nil)
	again.Header.Set("X-Amz-Content-Sha256", request.Header.Get("X-Amz-Content-Sha256"))
	signer := v4.NewSigner(func(options *v4.SignerOptions) { options.DisableURIPathEscaping = true })
	keys := aws.Credentials{AccessKeyID: testKeyID, SecretAccessKey: testSecretKey}
	_ = signer.SignHTTP(context.Background(), keys, again, emptyBodySHA256, "s3", region, signed)
	if again.Header.Get("Authorization") != given {
		return "SignatureDoesNotMatch"
	}
	return ""
}

func TestObjectsAndFoldersOfS3(t *testing.T) {
	zipped := zipOf(t, func(w *zip.Writer) { addZip(t, w, "text", 0o644, "hello") })
	server := fakeS3(t, "eu-west-1", map[string]string{
		"app/tool": "tool", "app/a b+c%.txt": "odd", "app.zip": zipped, "folder/x": "1", "folder/sub/y": "2", "folder/": "", "bad/../x": "3",
	})
	source := "s3::" + server.URL + "/bucket/"
	keys := map[string][]byte{"aws_access_key_id": []byte(testKeyID), "aws_secret_access_key": []byte(testSecretKey + "\n")}
	region := map[string]string{"region": "eu-west-1"}
	cases := []struct {
		name    string
		block   artifact
		keys    map[string][]byte
		want    map[string]string
		refusal string
	}{
		{"object", artifact{Source: source + "app/tool", Options: region}, keys, map[string]string{"local/tool": "tool"}, ""},
		{"odd name", artifact{Source: source + "app/a%20b+c%25.txt", Options: region}, keys, map[string]string{"local/a b+c%.txt": "odd"}, ""},
		{"anonymous", artifact{Source: source + "app/tool"}, nil, map[string]string{"local/tool": "tool"}, ""},
		{"archive", artifact{Source: source + "app.zip", Options: region}, keys, map[string]string{"local/text": "hello"}, ""},
		{"keys in the source", artifact{Source: source + "app/tool?region=eu-west-1&aws_access_key_id=" + testKeyID + "&aws_access_key_secret=" + url.QueryEscape(testSecretKey)}, nil, map[string]string{"local/tool": "tool"}, ""},
		{"checksum", artifact{Source: source + "app/tool", Options: map[string]string{"region": "eu-west-1", "checksum": sha256Of("tool")}}, keys, map[string]string{"local/tool": "tool"}, ""},
		{"wrong checksum", artifact{Source: source + "app/tool", Options: map[string]string{"region": "eu-west-1", "checksum": sha256Of("x")}}, keys, nil, "did not match"},
		{"folder", artifact{Source: source + "folder", Options: region, Destination: "local/f"}, keys, map[string]string{"local/f/x": "1", "local/f/sub/y": "2"}, ""},
		{"folder in mode dir", artifact{Source: source + "folder/", Options: region, Mode: modeDir}, keys, map[string]string{"local/x": "1", "local/sub/y": "2"}, ""},
		{"key that leads out", artifact{Source: source + "bad", Options: region}, keys, nil, "leads out"},
		{"nothing there", artifact{Source: source + "none", Options: region}, keys, nil, "no such object"},
		{"wrong region", artifact{Source: source + "app/tool"}, keys, nil, `in the region "eu-west-1" and not in "us-east-1"; set the option region`},
		{"wrong key", artifact{Source: source + "app/tool", Options: region}, map[string][]byte{"aws_access_key_id": []byte(testKeyID), "aws_secret_access_key": []byte("other")}, nil, "SignatureDoesNotMatch"},
		{"half a key", artifact{Source: source + "app/tool", Options: region}, map[string][]byte{"aws_access_key_id": []byte(testKeyID)}, nil, "no aws_secret_access_key"},
		{"bucket alone", artifact{Source: "s3::" + server.URL + "/bucket"}, keys, nil, "must name a bucket and a key"},
	}
	for _, each := range cases {
		t.Run(each.name, func(t *testing.T) {
			bench := newBench(t)
			bench.credentials = each.keys
			err := bench.fetch(each.block)
			if each.refusal != "" {
				bench.wantRefused(err, each.refusal)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			bench.wantFiles(each.want)
		})
	}
}

func TestS3FollowsNoRedirect(t *testing.T) {
	other := serve(t, map[string]string{"/x": "x"})
	server := httptest.NewServer(http.HandlerFunc(func(response http.ResponseWriter, request *http.Request) {
		http.Redirect(response, request, other.URL+"/x", http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	bench := newBench(t)
	bench.wantRefused(bench.fetch(artifact{Source: "s3::" + server.URL + "/bucket/x"}), "bad response code: 307")
}

func TestBucketsOfAmazonsHosts(t *testing.T) {
	cases := []struct{ source, host, root, key, region string }{
		{"s3::https://s3.amazonaws.com/b/k/l", "s3.amazonaws.com", "/b", "k/l", "us-east-1"},
		{"s3::https://s3.amazonaws.com/b/k?region=eu-west-1", "s3.eu-west-1.amazonaws.com", "/b", "k", "eu-west-1"},
		{"s3-eu-west-1.amazonaws.com/b/k", "s3-eu-west-1.amazonaws.com", "/b", "k", "eu-west-1"},
		{"s3.eu-west-1.amazonaws.com/b/k", "s3.eu-west-1.amazonaws.com", "/b", "k", "eu-west-1"},
		{"b.s3.amazonaws.com/k", "b.s3.amazonaws.com", "", "k", "us-east-1"},
		{"a.b.s3.eu-west-1.amazonaws.com/k", "a.b.s3.eu-west-1.amazonaws.com", "", "k", "eu-west-1"},
		{"b.s3-eu-west-1.amazonaws.com/k", "b.s3-eu-west-1.amazonaws.com", "", "k", "eu-west-1"},
		{"s3::https://b.s3.dualstack.eu-west-1.amazonaws.com/k", "b.s3.dualstack.eu-west-1.amazonaws.com", "", "k", "eu-west-1"},
		{"s3::https://s3.cn-north-1.amazonaws.com.cn/b/k", "s3.cn-north-1.amazonaws.com.cn", "/b", "k", "cn-north-1"},
		{"s3::https://minio.example:9000/b/k", "minio.example:9000", "/b", "k", "us-east-1"},
	}
	for _, each := range cases {
		from, err := parseSource(each.source, nil)
		if err != nil {
			t.Fatal(err)
		}
		found, err := bucketOf(from)
		if err != nil || found.host != each.host || found.root != each.root || found.key != each.key || found.region != each.region {
			t.Errorf("%s: got %+v %v", each.source, found, err)
		}
	}
}
