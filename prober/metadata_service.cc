// The table of metadata services.
// Only paths that hold neither credentials nor user data are asked. Left out: services that are documented by a name
// alone (Kingsoft), because asking for a name would leave the machine, and clouds without one of their own (OVH,
// Qiniu).
#include "prober/metadata_service.h"

#include <array>

namespace sonde::prober {
namespace {

using Names = std::string_view;

constexpr Names kLinkLocal = "169.254.169.254";

// ---- AWS: IMDSv2, https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-identity-documents.html
constexpr std::array kAws = {Names{"aws"}};
constexpr std::array kAwsQuestions = {MetadataQuestion{
    .path = "/latest/dynamic/instance-identity/document", .region = "/region", .zone = "/availabilityZone"}};
constexpr MetadataToken kAwsToken{.path = "/latest/api/token",
                                  .header = {"X-aws-ec2-metadata-token-ttl-seconds", "60"},
                                  .send_as = "X-aws-ec2-metadata-token"};

// ---- Azure: https://learn.microsoft.com/azure/virtual-machines/instance-metadata-service. Leaf by leaf, because the
// whole document may hold custom data.
constexpr std::array kAzure = {Names{"azure"}};
constexpr std::array kAzureHeaders = {MetadataHeader{"Metadata", "true"}};
constexpr std::array kAzureQuestions = {
    MetadataQuestion{.path = "/metadata/instance/compute/location?api-version=2021-02-01&format=text",
                     .region = kWholeBody},
    MetadataQuestion{.path = "/metadata/instance/compute/zone?api-version=2021-02-01&format=text", .zone = kWholeBody}};

// ---- Google and, in the same form, Yandex: "projects/NUMBER/zones/us-central1-a".
// https://cloud.google.com/compute/docs/metadata, https://yandex.cloud/docs/compute/concepts/vm-metadata
constexpr std::array kGoogle = {Names{"gcp"}, Names{"yandex"}};
constexpr std::array kGoogleHeaders = {MetadataHeader{"Metadata-Flavor", "Google"}};
constexpr std::array kGoogleQuestions = {
    MetadataQuestion{.path = "/computeMetadata/v1/instance/zone", .zone = kWholeBody}};

// ---- Alibaba: https://help.aliyun.com/zh/ecs/user-guide/view-instance-metadata
constexpr std::array kAlibaba = {Names{"alibaba"}};
constexpr std::array kAlibabaQuestions = {MetadataQuestion{.path = "/latest/meta-data/region-id", .region = kWholeBody},
                                          MetadataQuestion{.path = "/latest/meta-data/zone-id", .zone = kWholeBody}};
constexpr MetadataToken kAlibabaToken{.path = "/latest/api/token",
                                      .header = {"X-aliyun-ecs-metadata-token-ttl-seconds", "60"},
                                      .send_as = "X-aliyun-ecs-metadata-token"};

// ---- Tencent (metadata.tencentyun.com is this address): https://cloud.tencent.com/document/product/213/4934
constexpr std::array kTencent = {Names{"tencent"}};
constexpr std::array kTencentQuestions = {
    MetadataQuestion{.path = "/latest/meta-data/placement/region", .region = kWholeBody},
    MetadataQuestion{.path = "/latest/meta-data/placement/zone", .zone = kWholeBody}};

// ---- Huawei, and every OpenStack: only Huawei's tells a region, and others may too.
// https://support.huaweicloud.com/usermanual-ecs/ecs_03_0166.html
constexpr std::array kHuawei = {Names{"huawei"}};
constexpr std::array kOpenStackQuestions = {
    MetadataQuestion{.path = "/openstack/latest/meta_data.json", .region = "/region_id", .zone = "/availability_zone"}};

// ---- Oracle: https://docs.oracle.com/iaas/Content/Compute/Tasks/gettingmetadata.htm
constexpr std::array kOracle = {Names{"oracle"}};
constexpr std::array kOracleHeaders = {MetadataHeader{"Authorization", "Bearer Oracle"}};
constexpr std::array kOracleQuestions = {
    MetadataQuestion{.path = "/opc/v2/instance/canonicalRegionName", .region = kWholeBody},
    MetadataQuestion{.path = "/opc/v2/instance/ociAdName", .zone = kWholeBody}};

// ---- IBM: https://cloud.ibm.com/docs/vpc?topic=vpc-imd-get-metadata
constexpr std::array kIbm = {Names{"ibm"}};
constexpr std::array kIbmHeaders = {MetadataHeader{"Accept", "application/json"},
                                    MetadataHeader{"Content-Type", "application/json"}};
constexpr std::array kIbmQuestions = {
    MetadataQuestion{.path = "/metadata/v1/instance?version=2022-03-01", .zone = "/zone/name"}};
constexpr MetadataToken kIbmToken{.path = "/instance_identity/v1/token?version=2022-03-01",
                                  .header = {"Metadata-Flavor", "ibm"},
                                  .body = R"({"expires_in":300})",
                                  .pointer = "/access_token",
                                  .send_as = "Authorization",
                                  .prefix = "Bearer "};

// ---- DigitalOcean: https://docs.digitalocean.com/reference/api/metadata-api/
constexpr std::array kDigitalOcean = {Names{"digitalocean"}};
constexpr std::array kDigitalOceanQuestions = {MetadataQuestion{.path = "/metadata/v1/region", .region = kWholeBody}};

// ---- Hetzner: "hel1-dc2". https://docs.hetzner.cloud/#server-metadata
constexpr std::array kHetzner = {Names{"hetzner"}};
constexpr std::array kHetznerQuestions = {
    MetadataQuestion{.path = "/hetzner/v1/metadata/availability-zone", .zone = kWholeBody}};

// ---- Vultr: "EWR". https://www.vultr.com/metadata/
constexpr std::array kVultr = {Names{"vultr"}};
constexpr std::array kVultrQuestions = {MetadataQuestion{.path = "/v1.json", .region = "/region/regioncode"}};

// ---- Linode: https://techdocs.akamai.com/cloud-computing/docs/metadata-service-api. The token is plain text, or a
// list of one text where JSON is asked for.
constexpr std::array kLinode = {Names{"linode"}};
constexpr std::array kLinodeHeaders = {MetadataHeader{"Accept", "application/json"}};
constexpr std::array kLinodeQuestions = {MetadataQuestion{.path = "/v1/instance", .region = "/region"}};
constexpr MetadataToken kLinodeToken{.path = "/v1/token",
                                     .header = {"Metadata-Token-Expiry-Seconds", "60"},
                                     .pointer = "/0",
                                     .send_as = "Metadata-Token"};

// ---- Scaleway: "fr-par-1". https://www.scaleway.com/en/docs/instances/how-to/use-cloud-init/
constexpr std::array kScaleway = {Names{"scaleway"}};
constexpr std::array kScalewayQuestions = {MetadataQuestion{.path = "/conf?format=json", .zone = "/zone"}};

// ---- Volcengine: https://www.volcengine.com/docs/6396/113780
constexpr std::array kVolcengine = {Names{"volcengine"}};
constexpr std::array kVolcengineQuestions = {MetadataQuestion{.path = "/latest/region_id", .region = kWholeBody},
                                             MetadataQuestion{.path = "/latest/availability_zone", .zone = kWholeBody}};

// ---- Baidu: the service and `azone` are seen in its own storage driver; `region` beside it is recalled.
constexpr std::array kBaidu = {Names{"baidu"}};
constexpr std::array kBaiduQuestions = {MetadataQuestion{.path = "/1.0/meta-data/region", .region = kWholeBody},
                                        MetadataQuestion{.path = "/1.0/meta-data/azone", .zone = kWholeBody}};

// ---- UCloud: https://docs.ucloud.cn/uhost/guide/metadata/metadata-server
constexpr std::array kUcloud = {Names{"ucloud"}};
constexpr std::array kUcloudQuestions = {
    MetadataQuestion{.path = "/meta-data/latest/uhost/region", .region = kWholeBody},
    MetadataQuestion{.path = "/meta-data/latest/uhost/zone", .zone = kWholeBody}};

// ---- JD Cloud: https://docs.jdcloud.com/virtual-machines/instance-metadata
constexpr std::array kJdcloud = {Names{"jdcloud"}};
constexpr std::array kJdcloudHeaders = {MetadataHeader{"Metadata-Flavor", "JCS"}};
constexpr std::array kJdcloudQuestions = {
    MetadataQuestion{.path = "/jcs-metadata/latest/placement/region", .region = kWholeBody},
    MetadataQuestion{.path = "/jcs-metadata/latest/placement/availability-zone", .zone = kWholeBody}};

constexpr std::array kServices = {
    MetadataService{
        .name = "aws", .address = kLinkLocal, .providers = kAws, .questions = kAwsQuestions, .token = kAwsToken},
    MetadataService{.name = "azure",
                    .address = kLinkLocal,
                    .providers = kAzure,
                    .questions = kAzureQuestions,
                    .headers = kAzureHeaders},
    MetadataService{.name = "google",
                    .address = kLinkLocal,
                    .providers = kGoogle,
                    .questions = kGoogleQuestions,
                    .headers = kGoogleHeaders},
    MetadataService{.name = "alibaba",
                    .address = "100.100.100.200",
                    .providers = kAlibaba,
                    .questions = kAlibabaQuestions,
                    .token = kAlibabaToken},
    MetadataService{
        .name = "tencent", .address = "169.254.0.23", .providers = kTencent, .questions = kTencentQuestions},
    MetadataService{.name = "openstack",
                    .address = kLinkLocal,
                    .providers = kHuawei,
                    .questions = kOpenStackQuestions,
                    .shared = true},
    MetadataService{.name = "oracle",
                    .address = kLinkLocal,
                    .providers = kOracle,
                    .questions = kOracleQuestions,
                    .headers = kOracleHeaders},
    MetadataService{.name = "ibm",
                    .address = kLinkLocal,
                    .providers = kIbm,
                    .questions = kIbmQuestions,
                    .headers = kIbmHeaders,
                    .token = kIbmToken},
    MetadataService{
        .name = "digitalocean", .address = kLinkLocal, .providers = kDigitalOcean, .questions = kDigitalOceanQuestions},
    MetadataService{.name = "hetzner", .address = kLinkLocal, .providers = kHetzner, .questions = kHetznerQuestions},
    MetadataService{.name = "vultr", .address = kLinkLocal, .providers = kVultr, .questions = kVultrQuestions},
    MetadataService{.name = "linode",
                    .address = kLinkLocal,
                    .providers = kLinode,
                    .questions = kLinodeQuestions,
                    .headers = kLinodeHeaders,
                    .token = kLinodeToken},
    MetadataService{
        .name = "scaleway", .address = "169.254.42.42", .providers = kScaleway, .questions = kScalewayQuestions},
    MetadataService{
        .name = "volcengine", .address = "100.96.0.96", .providers = kVolcengine, .questions = kVolcengineQuestions},
    MetadataService{.name = "baidu", .address = kLinkLocal, .providers = kBaidu, .questions = kBaiduQuestions},
    MetadataService{.name = "ucloud", .address = "100.80.80.80", .providers = kUcloud, .questions = kUcloudQuestions},
    MetadataService{.name = "jdcloud",
                    .address = kLinkLocal,
                    .providers = kJdcloud,
                    .questions = kJdcloudQuestions,
                    .headers = kJdcloudHeaders}};

}  // namespace

std::span<const MetadataService> metadata_services() { return kServices; }

}  // namespace sonde::prober
