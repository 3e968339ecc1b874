// Objects of S3 and of what speaks like it. Requests are signed where there are keys, and anonymous otherwise.
package main

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/encoding/httpbinding"
)

const (
	defaultRegion   = "us-east-1"
	emptyBodySHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	maxListingBytes = 8 * 1024 * 1024
	maxErrorBytes   = 64 * 1024
)

// bucketAddress is an object or a folder of one bucket.
type bucketAddress struct {
	scheme string
	host   string
	// root is the bucket's path at the host: "/name", or "" where the host names the bucket.
	root   string
	key    string
	region string
}

var errNoObject = errors.New("there is no such object")

// bucketOf reads both styles of Amazon's hosts; any other host has the bucket first in its path.
func bucketOf(from source) (bucketAddress, error) {
	address := bucketAddress{scheme: from.url.Scheme, host: from.url.Host, region: from.options["region"]}
	path := strings.TrimPrefix(from.url.Path, "/")
	bucket, region, isAmazon := amazonParts(from.url.Hostname())
	if address.region == "" {
		address.region = region
	}
	if address.region == "" {
		address.region = defaultRegion
	}
	if isAmazon && bucket != "" {
		address.key = path
		return address, address.check(bucket)
	}
	name, key, _ := strings.Cut(path, "/")
	address.root, address.key = "/"+name, key
	if strings.EqualFold(from.url.Host, "s3.amazonaws.com") && address.region != defaultRegion {
		address.host = "s3." + address.region + ".amazonaws.com"
	}
	return address, address.check(name)
}

func (b bucketAddress) check(bucket string) error {
	if bucket == "" || bucket == "." || bucket == ".." || b.key == "" {
		return errors.New("the source must name a bucket and a key, such as s3::https://s3.amazonaws.com/bucket/key")
	}
	if strings.ContainsFunc(b.region, func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' }) {
		return fmt.Errorf("the region is %q", b.region)
	}
	return nil
}

// amazonParts of bucket.s3.region.amazonaws.com, s3-region.amazonaws.com and the like.
func amazonParts(host string) (bucket, region string, isAmazon bool) {
	host = strings.ToLower(host)
	rest, isAmazon := strings.CutSuffix(host, ".amazonaws.com")
	if !isAmazon {
		rest, isAmazon = strings.CutSuffix(host, ".amazonaws.com.cn")
	}
	if !isAmazon {
		return "", "", false
	}
	labels := strings.Split(rest, ".")
	for index := len(labels) - 1; index >= 0; index-- {
		dashed, isDashed := strings.CutPrefix(labels[index], "s3-")
		if labels[index] != "s3" && !isDashed {
			continue
		}
		if isDashed {
			region = dashed
		} else if index+1 < len(labels) {
			region = labels[len(labels)-1]
		}
		return strings.Join(labels[:index], "."), region, true
	}
	return "", "", false
}

func (f *fetcher) openS3(ctx context.Context, from source) (opened, error) {
	bucket, err := f.bucket(from)
	if err != nil {
		return opened{}, err
	}
	query := url.Values{}
	if version := from.options["version"]; version != "" {
		query.Set("versionId", version)
	}
	return f.getS3(ctx, from, bucket, bucket.key, query)
}

func (f *fetcher) bucket(from source) (bucketAddress, error) {
	if from.options["aws_profile"] != "" {
		return bucketAddress{}, errors.New("the option aws_profile is not supported; name a Secret in credentials")
	}
	bucket, err := bucketOf(from)
	f.out.name((&url.URL{Host: bucket.host}).Hostname())
	return bucket, err
}

// getS3 follows no redirect: a signature is for one host.
func (f *fetcher) getS3(ctx context.Context, from source, bucket bucketAddress, key string, query url.Values) (opened, error) {
	client := newHTTPClient(f.out, f.job.Artifact.Insecure, nil)
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	path := bucket.root + "/" + key
	address := url.URL{Scheme: bucket.scheme, Host: bucket.host, Path: path, RawPath: httpbinding.EscapePath(path, false), RawQuery: query.Encode()}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return opened{}, withoutURL(err)
	}
	request.URL.RawPath = address.RawPath
	request.Header.Set("User-Agent", userAgent)
	if err := f.sign(ctx, from, bucket.region, request); err != nil {
		return opened{}, err
	}
	response, err := client.Do(request)
	if err != nil {
		return opened{}, withoutURL(err)
	}
	if response.StatusCode == http.StatusOK {
		return opened{body: response.Body, length: response.ContentLength}, nil
	}
	defer response.Body.Close()
	return opened{}, describeS3(response, bucket.region)
}

func describeS3(response *http.Response, region string) error {
	if response.StatusCode == http.StatusNotFound {
		return fmt.Errorf("bad response code: %d: %w", response.StatusCode, errNoObject)
	}
	if right := response.Header.Get("X-Amz-Bucket-Region"); right != "" && right != region {
		return fmt.Errorf("bad response code: %d: the bucket is in the region %q and not in %q; set the option region", response.StatusCode, right, region)
	}
	var answer struct{ Code, Region string }
	text, _ := io.ReadAll(io.LimitReader(response.Body, maxErrorBytes))
	if xml.Unmarshal(text, &answer) != nil || answer.Code == "" {
		return fmt.Errorf("bad response code: %d", response.StatusCode)
	}
	if answer.Region != "" && answer.Region != region {
		return fmt.Errorf("bad response code: %d: the bucket is in the region %.40q and not in %q; set the option region", response.StatusCode, answer.Region, region)
	}
	return fmt.Errorf("bad response code: %d: %.100q", response.StatusCode, answer.Code)
}

// sign uses the keys of the Secret, or those of the source, as go-getter takes them.
func (f *fetcher) sign(ctx context.Context, from source, region string, request *http.Request) error {
	keys := aws.Credentials{
		AccessKeyID: from.options["aws_access_key_id"], SecretAccessKey: from.options["aws_access_key_secret"], SessionToken: from.options["aws_access_token"],
	}
	if id, ok := f.credential("aws_access_key_id"); ok {
		keys.AccessKeyID = id
		keys.SecretAccessKey, _ = f.credential("aws_secret_access_key")
		keys.SessionToken, _ = f.credential("aws_session_token")
	}
	if keys.AccessKeyID == "" {
		return nil
	}
	if keys.SecretAccessKey == "" {
		return errors.New("there is an aws_access_key_id, but no aws_secret_access_key")
	}
	request.Header.Set("X-Amz-Content-Sha256", emptyBodySHA256)
	signer := v4.NewSigner(func(options *v4.SignerOptions) { options.DisableURIPathEscaping = true })
	return signer.SignHTTP(ctx, keys, request, emptyBodySHA256, "s3", region, time.Now())
}

type s3Listing struct {
	Contents []struct {
		Key  string
		Size int64
	}
	IsTruncated           bool
	NextContinuationToken string
}

// fetchS3Folder writes all objects below the key into the tree.
func (f *fetcher) fetchS3Folder(ctx context.Context, from source, into *tree) error {
	bucket, err := f.bucket(from)
	if err != nil {
		return err
	}
	prefix := strings.TrimSuffix(bucket.key, "/") + "/"
	token, found := "", false
	for {
		page, err := f.listS3(ctx, from, bucket, prefix, token)
		if err != nil {
			return err
		}
		for _, object := range page.Contents {
			name := strings.TrimPrefix(object.Key, prefix)
			if !strings.HasPrefix(object.Key, prefix) || name == "" || strings.HasSuffix(name, "/") {
				continue
			}
			found = true
			if err := f.fetchS3Object(ctx, from, bucket, object.Key, name, into); err != nil {
				return err
			}
		}
		if !page.IsTruncated || page.NextContinuationToken == "" || page.NextContinuationToken == token {
			break
		}
		token = page.NextContinuationToken
		if err := into.budget.entry(); err != nil {
			return err
		}
	}
	if !found {
		return errNoObject
	}
	return nil
}

func (f *fetcher) listS3(ctx context.Context, from source, bucket bucketAddress, prefix, token string) (s3Listing, error) {
	query := url.Values{"list-type": {"2"}, "prefix": {prefix}}
	if token != "" {
		query.Set("continuation-token", token)
	}
	answer, err := f.getS3(ctx, from, bucket, "", query)
	if err != nil {
		return s3Listing{}, err
	}
	defer answer.body.Close()
	var page s3Listing
	if err := xml.NewDecoder(io.LimitReader(answer.body, maxListingBytes)).Decode(&page); err != nil {
		return s3Listing{}, errors.New("the list of the bucket cannot be read")
	}
	return page, nil
}

func (f *fetcher) fetchS3Object(ctx context.Context, from source, bucket bucketAddress, key, name string, into *tree) error {
	object, err := f.getS3(ctx, from, bucket, key, nil)
	if err != nil {
		return err
	}
	defer object.body.Close()
	return into.file(name, 0o644, max(object.length, 0), f.progress.count(object.body))
}
